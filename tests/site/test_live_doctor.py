"""`doctor --live`: what the providers say of the set-up, and what to do about it."""

import asyncio
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command

from agent.fake_live.server import FakeLive
from agent.fake_realtime.faults import Fault, Kind, Phase
from agent.fake_realtime.script import canned_conversation
from agent.fake_realtime.server import FakeRealtime
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


@contextmanager
def served(server: FakeRealtime | FakeLive) -> Iterator[None]:
    """Serve a stand-in of the agent's server from a thread: commands have loops of their own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result()
        yield
    finally:
        asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(scope="module")
def voice() -> Iterator[FakeRealtime]:
    server = FakeRealtime(canned_conversation)
    with served(server):
        yield server


@pytest.fixture
def openai(settings, voice):
    with transcriptions() as api:
        settings.OPENAI_API_KEY, settings.OPENAI_BASE_URL = KEY, api.base_url
        settings.AGENT = agent_settings(
            **REALTIME | {"base_url": api.base_url, "realtime_url": voice.url}
        )
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
    assert "+ Agent session:" in report
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


# --- The agent's own socket ---


def test_a_session_is_opened_speaks_and_is_closed(db, settings, caplog):
    server = FakeRealtime(canned_conversation)
    with served(server):
        settings.AGENT = agent_settings(**REALTIME | {"realtime_url": server.url})
        assert f"+ Agent session:        {urlsplit(server.url).netloc} speaks" in told()
        assert len(server.sessions) == 1
    assert caplog.records == []  # nothing of it stands among the findings


def test_the_live_agent_is_tried_alike(db, settings):
    server = FakeLive(canned_conversation)
    with served(server):
        settings.AGENT = agent_settings(agent="live", live_url=server.url, **REALTIME)
        assert "+ Agent session:" in told()
        assert len(server.sessions) == 1


def test_an_agents_server_that_is_away_is_a_fault(db, settings, unused_tcp_port):
    url = f"ws://127.0.0.1:{unused_tcp_port}/v1/realtime"
    settings.AGENT = agent_settings(**REALTIME | {"realtime_url": url})
    report = told()
    assert f"! Agent session:        127.0.0.1:{unused_tcp_port} gives none (unreachable)" in report
    assert "callers hear an apology" in report
    assert "ERROR" in report


@pytest.mark.A3
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        pytest.param(Fault(kind=Kind.REFUSED, phase=Phase.UPGRADE), "http_401", id="key"),
        pytest.param(Fault(kind=Kind.QUOTA), "insufficient_quota", id="money"),
    ],
)
def test_what_keeps_the_agent_from_speaking_is_named(db, settings, fault, code):
    server = FakeRealtime(canned_conversation, fault=fault)
    with served(server):
        settings.AGENT = agent_settings(**REALTIME | {"realtime_url": server.url})
        report = told()
    assert f"gives none ({code})" in report
    assert KEY not in report
