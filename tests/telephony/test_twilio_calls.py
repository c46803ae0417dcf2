"""Calls at Twilio: what is sent, how often, and what an answer that is missing means."""

from collections.abc import Iterator

import pytest

from telephony.backends.base import get_backend
from telephony.backends.twilio import TwilioBackend
from telephony.errors import CallOver, ProviderRefused, ProviderUnclear
from tests.peers.twilio_rest import ACCOUNT_SID, TwilioAccount, twilio_peer

DOCUMENT = "<Response><Say>Moment &amp; bitte, gern.</Say></Response>"
CALLS = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Calls"


@pytest.fixture
def account() -> Iterator[TwilioAccount]:
    with twilio_peer() as account:
        yield account


@pytest.fixture
def backend(account, settings) -> TwilioBackend:
    settings.TELEPHONY = account.backend()
    return get_backend()


def place_call(backend: TwilioBackend) -> str:
    return backend.place_call(
        to="+15105550147",
        from_="+15005550006",
        url="https://aloha.example.com/outgoing?call=7",
        status_url="https://aloha.example.com/status",
        ring_seconds=25,
    )


def test_a_call_is_placed_with_its_addresses_its_steps_and_its_ring_time(backend, account):
    sid = place_call(backend)
    assert account.calls[sid].form == {
        "To": ["+15105550147"],
        "From": ["+15005550006"],
        "Url": ["https://aloha.example.com/outgoing?call=7"],
        "Method": ["POST"],
        "StatusCallback": ["https://aloha.example.com/status"],
        "StatusCallbackMethod": ["POST"],
        "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
        "Timeout": ["25"],
    }


@pytest.mark.parametrize("fault", ["drop", "garbled"])
def test_a_call_without_a_readable_answer_is_unclear_and_asked_for_once(backend, account, fault):
    account.faults["POST"] = fault
    with pytest.raises(ProviderUnclear):
        place_call(backend)
    assert (len(account.calls), account.requests) == (1, [f"POST {CALLS}.json"])


@pytest.mark.parametrize(("fault", "error"), [("500", ProviderUnclear), ("429", ProviderRefused)])
def test_a_call_that_fails_is_asked_for_once(backend, account, fault, error):
    account.faults["POST"] = fault
    with pytest.raises(error):
        place_call(backend)
    assert (account.calls, len(account.requests)) == ({}, 1)


def test_a_redirected_call_runs_the_new_twiml(backend, account):
    sid = place_call(backend)
    backend.redirect_call(sid, document=DOCUMENT)
    assert (account.calls[sid].twiml, account.calls[sid].status) == (DOCUMENT, "queued")


@pytest.mark.parametrize("status", ["queued", "ringing", "in-progress"])
def test_a_running_call_is_completed(backend, account, status):
    sid = place_call(backend)
    account.calls[sid].status = status
    backend.end_call(sid)
    assert account.calls[sid].status == "completed"


@pytest.mark.parametrize("status", ["completed", "busy", "failed", "no-answer", "canceled"])
def test_a_call_that_is_over_stays_as_it_ended(backend, account, status):
    sid = place_call(backend)
    account.calls[sid].status = status
    backend.end_call(sid)
    with pytest.raises(CallOver):
        backend.redirect_call(sid, document=DOCUMENT)
    assert (account.calls[sid].status, account.calls[sid].twiml) == (status, "")


@pytest.mark.parametrize("fault", ["drop", "garbled", "500"])
def test_an_end_without_a_readable_answer_is_unclear(backend, account, fault):
    sid = place_call(backend)
    account.faults["POST"] = fault
    with pytest.raises(ProviderUnclear):
        backend.end_call(sid)


def test_a_call_that_twilio_does_not_know_is_a_refusal(backend):
    with pytest.raises(ProviderRefused):
        backend.end_call("CA" + "0" * 32)


@pytest.mark.D3
@pytest.mark.parametrize("sid", ["SIMULATED_CALL_" + "0" * 32, "CA" + "g" * 32, "../../x", ""])
def test_a_sid_that_is_not_twilios_never_reaches_the_network(backend, account, sid):
    with pytest.raises(ProviderRefused):
        backend.end_call(sid)
    with pytest.raises(ProviderRefused):
        backend.redirect_call(sid, document=DOCUMENT)
    assert account.requests == []
