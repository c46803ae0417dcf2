"""One contract for every telephony backend: the mock, and Twilio over loopback."""

import re
import socket
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from agent.speech.wav import mulaw_header, mulaw_of
from telephony.backends.base import NumberAddresses, Offer, TelephonyBackend, get_backend
from telephony.errors import (
    CallOver,
    NotCallable,
    NumberTaken,
    ProviderRefused,
    ProviderUnclear,
)
from tests.factories import make_call, make_number
from tests.peers.twilio_history import past_call, past_recording
from tests.peers.twilio_rest import TwilioAccount, twilio_peer

ADDRESSES = NumberAddresses(
    voice_url="https://aloha.example.com/incoming",
    fallback_url="https://aloha.example.com/fallback",
    status_url="https://aloha.example.com/status",
)
TAG = "aloha:test:0"
ELSEWHERE = NumberAddresses(
    voice_url="https://new.example.com/incoming",
    fallback_url="https://new.example.com/fallback",
    status_url="https://new.example.com/status",
)
AUDIO = b"\x10\x20" * 400
WAV = mulaw_header(len(AUDIO), channels=1) + AUDIO


@pytest.fixture
def account() -> Iterator[TwilioAccount]:
    with twilio_peer() as account:
        account.recordings["RE" + "0" * 32] = WAV
        yield account


@pytest.fixture(params=["mock", "twilio"])
def backend(request, settings, db) -> TelephonyBackend:
    if request.param == "mock":
        settings.TELEPHONY = {"BACKEND": "telephony.backends.mock.MockBackend", "OPTIONS": {}}
    else:
        settings.TELEPHONY = request.getfixturevalue("account").backend()
    return get_backend()


def first_offer(backend: TelephonyBackend) -> Offer:
    return backend.search_numbers(country="US", area_code="415", limit=1)[0]


def sell(backend: TelephonyBackend, phone_number: str, owner) -> str:
    """Buy a number and write it down, as a purchase does; the SID."""
    sid = backend.purchase_number(phone_number, tag=TAG, addresses=ADDRESSES).sid
    make_number(owner, phone_number=phone_number, twilio_phone_sid=sid)
    return sid


def test_a_search_gives_numbers_of_the_area_code(backend):
    offers = backend.search_numbers(country="US", area_code="415", limit=10)
    assert 5 <= len(offers) <= 10
    assert {(o.area_code, o.country, o.locality, o.region) for o in offers} == {
        ("415", "US", "San Francisco", "CA")
    }


def test_the_same_search_gives_the_same_numbers(backend):
    first, second = (
        backend.search_numbers(country="US", area_code=None, limit=10) for _ in range(2)
    )
    assert first == second
    assert len({offer.phone_number for offer in first}) == len(first)


def test_a_search_keeps_to_its_limit(backend):
    assert len(backend.search_numbers(country="US", area_code=None, limit=3)) == 3


def test_every_offer_takes_calls(backend):
    offers = backend.search_numbers(country="US", area_code=None, limit=10)
    assert all("voice" in offer.capabilities for offer in offers)


def test_a_country_without_numbers_gives_an_empty_list(backend):
    assert backend.search_numbers(country="NR", area_code=None, limit=10) == []


def test_an_area_code_without_numbers_gives_an_empty_list(backend):
    assert backend.search_numbers(country="US", area_code="299", limit=10) == []


def test_an_offered_number_is_found_again(backend):
    offer = first_offer(backend)
    assert backend.find_offer(offer.phone_number, country="US") == offer


def test_a_sold_number_is_offered_no_more(backend, owner):
    offer = first_offer(backend)
    sell(backend, offer.phone_number, owner)
    assert backend.find_offer(offer.phone_number, country="US") is None
    assert offer != first_offer(backend)


def test_a_sold_number_cannot_be_bought_again(backend, owner):
    number = first_offer(backend).phone_number
    sell(backend, number, owner)
    with pytest.raises(NumberTaken):
        backend.purchase_number(number, tag=TAG, addresses=ADDRESSES)


def test_the_magic_number_that_is_for_sale_is_sold(backend):
    bought = backend.purchase_number("+15005550006", tag=TAG, addresses=ADDRESSES)
    assert bought.phone_number == "+15005550006"


def test_the_magic_number_that_is_taken_is_refused_as_taken(backend):
    with pytest.raises(NumberTaken):
        backend.purchase_number("+15005550000", tag=TAG, addresses=ADDRESSES)


@pytest.mark.parametrize("number", ["+15005550001", "415 555 0123", "", "+1415", "+0123456789"])
def test_an_invalid_number_is_refused(backend, number):
    with pytest.raises(ProviderRefused):
        backend.purchase_number(number, tag=TAG, addresses=ADDRESSES)


def test_a_tag_longer_than_64_characters_is_refused(backend):
    with pytest.raises(ProviderRefused):
        backend.purchase_number("+15005550006", tag="x" * 65, addresses=ADDRESSES)


def test_a_number_can_be_released_twice(backend, owner):
    sid = sell(backend, first_offer(backend).phone_number, owner)
    backend.release_number(sid)
    backend.release_number(sid)


def test_a_bought_number_is_listed(backend, owner):
    number = first_offer(backend).phone_number
    sid = sell(backend, number, owner)
    assert [(n.sid, n.phone_number) for n in backend.list_numbers()] == [(sid, number)]


def test_a_released_number_is_listed_no_more(backend, owner):
    backend.release_number(sell(backend, first_offer(backend).phone_number, owner))
    owner.phone_numbers.update(status="released")
    assert backend.list_numbers() == []


def test_a_numbers_calls_can_be_sent_elsewhere(backend, owner):
    backend.update_addresses(sell(backend, first_offer(backend).phone_number, owner), ELSEWHERE)


@pytest.mark.D3
@pytest.mark.parametrize("sid", ["", "PN123", "SIMULATED_SID_", "../../Accounts"])
def test_no_addresses_are_set_for_a_malformed_sid(backend, sid):
    with pytest.raises(ProviderRefused):
        backend.update_addresses(sid, ELSEWHERE)


@pytest.mark.N11
@pytest.mark.D3
@pytest.mark.parametrize("sid", ["", "PN123", "SIMULATED_SID_", "../../Accounts", "AC" + "0" * 32])
def test_a_malformed_sid_is_refused(backend, sid):
    with pytest.raises(ProviderRefused):
        backend.release_number(sid)


@pytest.mark.D3
def test_the_other_backends_sids_are_refused(backend):
    foreign = "PN" + "0" * 32 if backend.is_simulated else "SIMULATED_SID_" + "0" * 32
    with pytest.raises(ProviderRefused):
        backend.release_number(foreign)


@pytest.mark.D3
def test_simulated_sids_are_recognisable(backend, owner):
    sid = sell(backend, first_offer(backend).phone_number, owner)
    assert owner.phone_numbers.get().is_simulated == backend.is_simulated
    assert sid.startswith("SIMULATED_SID_" if backend.is_simulated else "PN")


@pytest.fixture
def recording_sid(backend, settings) -> str:
    """What the carrier has recorded: the peer's recording, or a file of the simulator's."""
    if not backend.is_simulated:
        return "RE" + "0" * 32
    sid = f"SIMULATED_RECORDING_{uuid.uuid4().hex}"
    folder = settings.VAR_DIR / "calls" / sid
    folder.mkdir(parents=True)
    (folder / f"{sid}.wav").write_bytes(WAV)
    return sid


def test_a_recording_comes_back_as_it_was(backend, recording_sid):
    assert mulaw_of(backend.fetch_recording(recording_sid)) == AUDIO


def test_a_recording_that_is_not_there_yet_may_be_asked_for_again(backend):
    prefix = "SIMULATED_RECORDING_" if backend.is_simulated else "RE"
    with pytest.raises(ProviderUnclear):
        backend.fetch_recording(prefix + "f" * 32)


@pytest.mark.parametrize("sid", ["", "../../secret", "*", "REx", "https://elsewhere.example/a"])
def test_a_malformed_recording_sid_is_refused(backend, sid):
    with pytest.raises(ProviderRefused):
        backend.fetch_recording(sid)
    with pytest.raises(ProviderRefused):
        backend.delete_recording(sid)


def test_a_recording_is_deleted_and_deleting_it_again_is_fine(backend, recording_sid):
    for _ in range(2):
        backend.delete_recording(recording_sid)
    with pytest.raises(ProviderUnclear):
        backend.fetch_recording(recording_sid)


DAYS_AGO = timezone.now() - timedelta(days=2)


@pytest.fixture
def past_call_sid(backend, request, owner) -> str:
    """A call that came in an hour ago, whose caller left a message after the tone."""
    number = make_number(owner)
    started_at = timezone.now() - timedelta(hours=1)
    if not backend.is_simulated:
        call = past_call(to=number.phone_number, started_at=started_at)
        account = request.getfixturevalue("account")
        account.past_calls = [call, past_call(to=number.phone_number, started_at=DAYS_AGO)]
        account.past_recordings = [past_recording(call=call, sid="RE" + "0" * 32)]
        return call["sid"]
    ended_at = started_at + timedelta(seconds=20)
    fields = {"status": "completed", "ended_at": ended_at, "duration_s": 20}
    make_call(number, started_at=DAYS_AGO, **fields)
    return make_call(number, started_at=started_at, **fields).call_sid


def test_a_call_that_came_in_is_listed_with_its_times(backend, past_call_sid, owner):
    [call] = backend.list_calls(since=timezone.now() - timedelta(hours=2))
    assert (call.sid, call.caller) == (past_call_sid, "+15105550147")
    assert call.called == owner.phone_numbers.get().phone_number
    assert (call.duration_s, call.ended_at - call.started_at) == (20, timedelta(seconds=20))


def test_only_calls_of_the_time_asked_for_are_listed(backend, past_call_sid):
    assert backend.list_calls(since=timezone.now() - timedelta(minutes=30)) == []
    assert len(backend.list_calls(since=DAYS_AGO - timedelta(minutes=1))) == 2


def test_a_message_is_listed_with_its_call(backend, past_call_sid, settings):
    if backend.is_simulated:
        folder = settings.VAR_DIR / "calls" / past_call_sid
        folder.mkdir(parents=True)
        (folder / f"SIMULATED_RECORDING_{uuid.uuid4().hex}.wav").write_bytes(WAV)
    listed = backend.list_recordings(since=timezone.now() - timedelta(hours=2))
    [message] = [one for one in listed if one.call_sid == past_call_sid]
    assert mulaw_of(backend.fetch_recording(message.sid)) == AUDIO


DOCUMENT = "<Response><Hangup/></Response>"


@pytest.fixture
def our_number(backend, owner) -> str:
    number = first_offer(backend).phone_number
    sell(backend, number, owner)
    return number


def place_call(backend: TelephonyBackend, from_: str, **changes) -> str:
    arguments = {
        "to": "+15105550147",
        "url": "https://aloha.example.com/outgoing",
        "status_url": "https://aloha.example.com/status",
        "ring_seconds": 25,
    }
    return backend.place_call(from_=from_, **(arguments | changes))


@pytest.fixture
def ended_call(backend, our_number, owner) -> str:
    """The SID of a call that is over, for the provider and for us."""
    sid = place_call(backend, our_number)
    backend.end_call(sid)
    make_call(owner.phone_numbers.get(), call_sid=sid, status="completed", ended_at=timezone.now())
    return sid


@pytest.mark.D3
def test_a_placed_call_has_a_recognisable_sid(backend, our_number):
    prefix = "SIMULATED_CALL_" if backend.is_simulated else "CA"
    assert re.fullmatch(prefix + "[0-9a-f]{32}", place_call(backend, our_number))


def test_every_placed_call_is_another(backend, our_number):
    assert place_call(backend, our_number) != place_call(backend, our_number)


@pytest.mark.parametrize("number", ["", "+1415", "510 555 0147", "+0123456789", "sip:a@b.example"])
def test_what_is_no_number_is_not_called(backend, our_number, number):
    with pytest.raises(NotCallable):
        place_call(backend, our_number, to=number)


@pytest.mark.parametrize("number", ["", "+12125550199"])
def test_no_call_comes_from_a_number_that_is_not_ours(backend, number):
    with pytest.raises(ProviderRefused):
        place_call(backend, number)


@pytest.mark.parametrize("name", ["url", "status_url"])
@pytest.mark.parametrize("url", ["", "/outgoing", "ftp://aloha.example.com/outgoing"])
def test_a_call_without_a_whole_address_is_refused(backend, our_number, name, url):
    with pytest.raises(ProviderRefused):
        place_call(backend, our_number, **{name: url})


@pytest.mark.parametrize("seconds", [-1, 0, 601])
def test_a_call_rings_for_1_to_600_seconds(backend, our_number, seconds):
    with pytest.raises(ProviderRefused):
        place_call(backend, our_number, ring_seconds=seconds)


def test_a_running_call_goes_on_with_other_twiml(backend, our_number):
    backend.redirect_call(place_call(backend, our_number), document=DOCUMENT)


@pytest.mark.parametrize("document", ["", "x" * 4001])
def test_twiml_has_1_to_4000_characters(backend, our_number, document):
    with pytest.raises(ProviderRefused):
        backend.redirect_call(place_call(backend, our_number), document=document)


def test_a_call_that_is_over_is_not_redirected(backend, ended_call):
    with pytest.raises(CallOver):
        backend.redirect_call(ended_call, document=DOCUMENT)


def test_a_call_that_is_over_can_be_ended(backend, ended_call):
    backend.end_call(ended_call)


@pytest.mark.D3
@pytest.mark.parametrize("sid", ["", "CA123", "SIMULATED_CALL_", "../../x", "PN" + "0" * 32])
def test_a_malformed_call_sid_is_refused(backend, sid):
    with pytest.raises(ProviderRefused):
        backend.end_call(sid)
    with pytest.raises(ProviderRefused):
        backend.redirect_call(sid, document=DOCUMENT)


@pytest.mark.D3
def test_the_other_backends_calls_are_refused(backend):
    foreign = "CA" + "0" * 32 if backend.is_simulated else "SIMULATED_CALL_" + "0" * 32
    with pytest.raises(ProviderRefused):
        backend.end_call(foreign)
    with pytest.raises(ProviderRefused):
        backend.redirect_call(foreign, document=DOCUMENT)


@pytest.mark.N11
def test_the_mock_never_touches_the_network(owner, settings, monkeypatch):
    def refuse(*address: object) -> None:
        raise AssertionError("the mock opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    settings.TELEPHONY = {"BACKEND": "telephony.backends.mock.MockBackend", "OPTIONS": {}}
    backend = get_backend()
    offer = first_offer(backend)
    assert backend.find_offer(offer.phone_number, country="US") == offer
    sid = sell(backend, offer.phone_number, owner)
    backend.end_call(place_call(backend, offer.phone_number))
    backend.release_number(sid)
    with pytest.raises(ProviderUnclear):
        backend.fetch_recording("SIMULATED_RECORDING_" + "0" * 32)


def test_an_account_says_where_it_may_call(backend):
    assert backend.may_call("US")


@pytest.mark.parametrize("country", ["XX", "us", "", "../Accounts"])
def test_where_no_country_is_nobody_may_call(backend, country):
    with pytest.raises(ProviderRefused):
        backend.may_call(country)
