"""A proof is renewed by every forwarded call, and a line that goes quiet is asked about once."""

from datetime import timedelta

import pytest

from telephony.models import UserPhoneNumber
from tests.factories import make_call
from tests.peers.mail_server import mail_server
from tests.voicemail.checks import NOW, OWN_PHONE, forwarding_number, make_check
from voicemail.forwarding_rhythm import allowed_silence, ask_about_silence, renew_proofs
from voicemail.forwarding_state import status_line
from voicemail.mail_rest import mail_rest
from voicemail.models import CheckOutcome

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def forwarded_call(number: UserPhoneNumber, *, at, **fields):
    seen = {"was_forwarded": True, "forwarded_from": OWN_PHONE}
    return make_call(number, started_at=at, **(seen | fields))


def proven_at(number: UserPhoneNumber):
    return UserPhoneNumber.objects.get(pk=number.pk).forwarding_verified_at


@pytest.fixture
def proven(owner) -> UserPhoneNumber:
    return forwarding_number(owner, forwarding_verified_at=NOW - 15 * DAY)


# --- Renewal ---


@pytest.mark.parametrize("spelling", [OWN_PHONE, "4155550178", "", "+1 (415) 555-0178"])
def test_a_forwarded_call_renews_the_proof(proven, spelling):
    forwarded_call(proven, at=NOW - MINUTE, forwarded_from=spelling)
    assert renew_proofs(now=NOW, all_time=False) == 1
    assert proven_at(proven) == NOW - MINUTE


def test_a_forwarded_call_is_a_proof_where_there_was_none(owner):
    number = forwarding_number(owner)
    forwarded_call(number, at=NOW - MINUTE)
    renew_proofs(now=NOW, all_time=False)
    assert proven_at(number) == NOW - MINUTE


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"was_forwarded": None, "forwarded_from": ""}, id="nobody says so"),
        pytest.param({"forwarded_from": "+15105550147"}, id="from another phone"),
        pytest.param({"direction": "outbound"}, id="a call of ours"),
        pytest.param({"purpose": "forwarding_check"}, id="a test"),
    ],
)
def test_other_calls_renew_nothing(proven, fields):
    forwarded_call(proven, at=NOW - MINUTE, **fields)
    assert renew_proofs(now=NOW, all_time=False) == 0


def test_a_call_from_before_a_failed_check_renews_nothing(owner):
    number = forwarding_number(owner)
    make_check(number, finished_at=NOW, outcome=CheckOutcome.NOTHING_CAME)
    forwarded_call(number, at=NOW - MINUTE)
    assert renew_proofs(now=NOW + MINUTE, all_time=True) == 0


def test_a_line_that_stopped_is_proven_again_by_a_later_call(owner):
    number = forwarding_number(owner)
    make_check(number, finished_at=NOW, outcome=CheckOutcome.NOTHING_CAME, proven_before_at=NOW)
    forwarded_call(number, at=NOW + MINUTE)
    renew_proofs(now=NOW + 2 * MINUTE, all_time=False)
    number.refresh_from_db()
    assert status_line(number).state == "proven"


def test_without_forwarding_a_call_renews_nothing(owner):
    number = forwarding_number(owner, forwarding_enabled=False, forwarding_confirmed=False)
    forwarded_call(number, at=NOW - MINUTE)
    assert renew_proofs(now=NOW, all_time=False) == 0


def test_the_same_call_renews_once(proven):
    forwarded_call(proven, at=NOW - MINUTE)
    assert [renew_proofs(now=NOW, all_time=False) for _ in range(2)] == [1, 0]


# --- Silence ---


def test_a_proven_line_that_is_quiet_for_too_long_is_asked_about_once(proven, owner, mailoutbox):
    assert [ask_about_silence(now=NOW + hour * DAY / 24) for hour in range(3)] == [1, 0, 0]
    [mail] = mailoutbox
    assert mail.to == [owner.email]
    assert "**004*" in mail.body
    assert "##004#" in mail.body
    assert "/aloha/settings/forwarding" in mail.body
    assert status_line(proven).state == "quiet"


def test_the_mail_about_silence_names_the_day_where_the_owner_is(owner, mailoutbox):
    at = (NOW - 20 * DAY).replace(hour=3)
    forwarding_number(owner, forwarding_verified_at=at)
    ask_about_silence(now=NOW)
    [mail] = mailoutbox
    there = at - DAY  # in Los Angeles it is still the evening before
    for text in (mail.body, mail.alternatives[0].content):
        assert f"since {there.day} {there:%b %Y}." in text


def test_a_line_within_the_time_allowed_is_left_alone(owner, mailoutbox):
    forwarding_number(owner, forwarding_verified_at=NOW - 13 * DAY)
    assert ask_about_silence(now=NOW) == 0
    assert not mailoutbox


def test_the_time_allowed_is_a_setting(proven, settings, mailoutbox):
    settings.FORWARDING_QUIET_DAYS = 30
    assert ask_about_silence(now=NOW) == 0


def test_a_line_with_a_slow_rhythm_is_given_twice_its_longest_pause(proven, mailoutbox):
    for days_ago in (35, 25, 15):
        forwarded_call(proven, at=NOW - days_ago * DAY)
    assert allowed_silence(proven) == 20 * DAY
    assert ask_about_silence(now=NOW) == 0
    assert ask_about_silence(now=NOW + 6 * DAY) == 1


def test_the_next_silence_is_asked_about_again(proven, mailoutbox):
    ask_about_silence(now=NOW)
    UserPhoneNumber.objects.update(forwarding_verified_at=NOW + DAY)
    assert ask_about_silence(now=NOW + 10 * DAY) == 0
    assert ask_about_silence(now=NOW + 16 * DAY) == 1
    assert len(mailoutbox) == 2


def test_a_line_that_was_never_proven_is_not_asked_about(owner, mailoutbox):
    forwarding_number(owner)
    assert ask_about_silence(now=NOW + 100 * DAY) == 0


def test_a_mail_server_that_is_away_is_asked_again(proven, settings, mailoutbox):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1  # nobody listens there
    assert ask_about_silence(now=NOW) == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert ask_about_silence(now=NOW + MINUTE) == 0
    mail_rest.end()
    assert ask_about_silence(now=NOW + MINUTE) == 1
    assert len(mailoutbox) == 1


@pytest.mark.parametrize(("code", "tries"), [(450, 3), (550, 1)])
def test_what_the_mail_server_refuses_for_good_is_not_sent_again(proven, settings, code, tries):
    moments = []
    with mail_server() as server:
        server.refuse, server.at = {"RCPT": code}, moments.append
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        for minutes in range(3):
            assert ask_about_silence(now=NOW + minutes * MINUTE) == 0
    assert moments.count("RCPT") == tries
