"""After a change of PUBLIC_BASE_URL: the check that notices, the command that repoints."""

import io
from collections.abc import Iterator

import pytest
from django.core.management import CommandError, call_command

from telephony import numbers
from telephony.checks import check_base_url
from telephony.models import UserPhoneNumber
from telephony.number_sync import sync_numbers
from tests.factories import make_number
from tests.peers.twilio_rest import ACCOUNT_SID, AUTH_TOKEN, TwilioAccount, twilio_peer

pytestmark = pytest.mark.N13
NEW_URL = "https://new.example.com"


@pytest.fixture
def twilio(settings) -> Iterator[TwilioAccount]:
    with twilio_peer() as account:
        settings.TELEPHONY = {
            "BACKEND": "telephony.backends.twilio.TwilioBackend",
            "OPTIONS": {
                "account_sid": ACCOUNT_SID,
                "auth_token": AUTH_TOKEN,
                "api_base_url": account.base_url,
            },
        }
        yield account


@pytest.fixture
def moved(owner, twilio, settings) -> dict[str, str]:
    """A number bought before PUBLIC_BASE_URL changed, as the provider knows it."""
    number = numbers.purchase_number(user=owner, phone_number="+14155550123", country="US")
    settings.PUBLIC_BASE_URL = NEW_URL
    return twilio.sold[number.twilio_phone_sid]


def run(**options: bool) -> str:
    printed = io.StringIO()
    call_command("repointnumbers", stdout=printed, **options)
    return printed.getvalue()


def warnings() -> list[str]:
    return [message.id for message in check_base_url(databases=["default"])]


def test_a_changed_address_is_noticed_and_names_the_command(moved):
    [warning] = check_base_url(databases=["default"])
    assert "manage.py repointnumbers" in warning.hint


def test_the_command_sends_calls_to_the_new_address(moved):
    assert run() == f"+14155550123 to {NEW_URL}\n"
    assert moved["VoiceUrl"] == f"{NEW_URL}/api/twilio/voice/incoming"
    assert moved["VoiceFallbackUrl"] == f"{NEW_URL}/api/twilio/voice/fallback"
    assert moved["StatusCallback"] == f"{NEW_URL}/api/twilio/voice/status"
    assert warnings() == []


def test_a_second_run_has_nothing_to_do(moved):
    run()
    assert run().startswith("Every number")


def test_a_dry_run_says_which_and_changes_nothing(moved):
    before = dict(moved)
    assert run(dry_run=True) == f"+14155550123 to {NEW_URL}\n"
    assert moved == before
    assert warnings() == ["telephony.W002"]


def test_a_number_that_was_repointed_by_hand_is_noted(moved):
    for name, url in moved.items():
        _, api, path = url.partition("/api/")
        moved[name] = NEW_URL + api + path if api else url
    run()
    assert warnings() == []


def test_the_worker_repoints_too(moved):
    sync_numbers(dry_run=False)
    assert warnings() == []


def test_a_provider_that_fails_is_said_and_the_warning_stays(moved, twilio):
    twilio.faults["POST"] = "500"
    with pytest.raises(CommandError, match="run it again"):
        run()
    assert warnings() == ["telephony.W002"]


def test_only_addresses_are_settled(moved, owner, twilio):
    UserPhoneNumber.objects.update(status="releasing")
    assert run().startswith("Every number")
    assert len(twilio.sold) == 1


def test_simulated_numbers_raise_no_warning(owner, twilio):
    make_number(owner, webhook_base_url="http://127.0.0.1:9")
    assert warnings() == []


def test_without_a_database_nothing_is_asked(moved):
    assert check_base_url() == []
