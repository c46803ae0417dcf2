"""`doctor --live`: what the providers say of the set-up, and what to do about it."""

import io

import pytest
from django.core.management import CommandError, call_command

from aloha_site.agent_settings import agent_settings
from telephony import numbers
from telephony.models import NumberStatus, UserPhoneNumber
from tests.peers.openai_http import KEY, Transcriptions, transcriptions
from tests.peers.twilio_rest import TwilioAccount, twilio_peer

REALTIME = {
    "api_key": KEY,
    "base_url": "",
    "realtime_url": "",
    "model": "",
    "transcription_model": "",
    "turn_detection": "",
    "noise_reduction": "",
}


@pytest.fixture
def twilio(settings):
    settings.PUBLIC_BASE_URL = "https://aloha.example.com"
    with twilio_peer() as account:
        settings.TELEPHONY = account.backend()
        yield account


@pytest.fixture
def openai(settings):
    with transcriptions() as api:
        settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = KEY, api.base_url
        settings.AGENT = agent_settings(**REALTIME | {"base_url": api.base_url})
        yield api


def told() -> str:
    """Everything the doctor says, also when it ends with faults."""
    out = io.StringIO()
    try:
        call_command("doctor", live=True, stdout=out)
    except CommandError as error:
        out.write(f"ERROR {error}")
    return out.getvalue()


def test_nobody_is_asked_unless_it_is_wanted(db, twilio: TwilioAccount, openai: Transcriptions):
    call_command("doctor", stdout=io.StringIO())
    assert twilio.requests == []


@pytest.mark.parametrize("key", ["", "none"])
def test_without_keys_nobody_is_asked(db, settings, key):
    settings.OPENAI_API_KEY = key
    assert told().count("nobody to ask") == 2


def test_right_keys_numbers_and_models_are_confirmed(owner, twilio, openai):
    numbers.purchase_number(user=owner, phone_number="+14155550123", country="US")
    report = told()
    assert "the credentials are right" in report
    assert "1 of this installation, all with our addresses" in report
    assert "gpt-realtime-2.1 is there" in report
    assert "gpt-transcribe is there" in report
    assert "gpt-5.6-luna is there" in report
    assert "ERROR" not in report


def test_wrong_credentials_are_named_and_never_shown(db, twilio, settings):
    settings.TELEPHONY = twilio.backend("wrong-secret-token")
    report = told()
    assert "refuses TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN" in report
    assert "ERROR" in report
    assert "wrong-secret-token" not in report


def test_a_provider_that_does_not_answer_is_said(db, twilio):
    twilio.faults["GET"] = "500"
    assert "did not answer as it should" in told()


def test_numbers_that_send_calls_elsewhere_name_the_command(owner, twilio, settings):
    numbers.purchase_number(user=owner, phone_number="+14155550123", country="US")
    settings.PUBLIC_BASE_URL = "https://new.example.com"
    report = told()
    assert "1 number(s) (…0123) send calls elsewhere" in report
    assert "manage.py repointnumbers" in report


def test_a_number_lost_at_the_provider_is_said(owner, twilio):
    number = numbers.purchase_number(user=owner, phone_number="+14155550123", country="US")
    twilio.sold.pop(number.twilio_phone_sid)
    assert "1 of ours are not in the account" in told()


def test_a_paid_number_that_belongs_to_nobody_is_said(owner, twilio):
    numbers.purchase_number(user=owner, phone_number="+14155550123", country="US")
    UserPhoneNumber.objects.update(status=NumberStatus.RELEASED)
    assert "belong to nobody here" in told()


def test_a_refused_key_is_said_and_never_shown(db, openai, settings):
    settings.OPENAI_API_KEY = "sk-wrong"
    report = told()
    assert "platform.openai.com" in report
    assert "sk-wrong" not in report


def test_a_model_that_the_key_may_not_use_is_said(db, openai):
    openai.offered.remove("gpt-realtime-2.1")
    assert "this key may not use gpt-realtime-2.1: set OPENAI_REALTIME_MODEL" in told()


def test_the_models_of_the_live_agent_are_asked_for(db, openai, settings):
    settings.AGENT = agent_settings(agent="live", **REALTIME | {"base_url": openai.base_url})
    report = told()
    assert "this key may not use gpt-live-1: set OPENAI_LIVE_MODEL" in report
    assert "set OPENAI_LIVE_TASK_MODEL" in report or "gpt-5.6-luna is there" in report
    assert "OPENAI_REALTIME_MODEL" not in report


def test_an_api_that_does_not_answer_is_said(db, openai):
    openai.fault = 500
    assert "not tried" in told()


def test_a_country_that_twilio_lets_nobody_call_is_named(owner, twilio, settings):
    numbers.purchase_number(user=owner, phone_number="+14155550123", country="US")
    assert "allowed to US." in told()
    settings.OUTBOUND_COUNTRIES = ["CA", "FR"]
    report = told()
    assert "Twilio lets nobody call FR: " in report
    assert "Geo permissions" in report
    assert "ERROR" in report


def test_the_country_of_an_owners_own_phone_is_asked_for_as_well(owner, twilio):
    numbers.purchase_number(user=owner, phone_number="+14155550123", country="US")
    UserPhoneNumber.objects.update(
        voicemail_enabled=True,
        voicemail_mode="voicemail_only",
        external_phone_number="+33199001234",
    )
    assert "Twilio lets nobody call FR: " in told()


def test_permissions_that_cannot_be_read_are_said(owner, twilio, settings):
    numbers.purchase_number(user=owner, phone_number="+14155550123", country="US")
    settings.OUTBOUND_COUNTRIES = ["AQ"]
    assert "not tried for AQ" in told()
