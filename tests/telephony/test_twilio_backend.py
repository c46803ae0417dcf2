"""What Twilio's answers mean, and what never reaches Twilio."""

import dataclasses

import pytest

from telephony.backends.base import NumberAddresses, get_backend
from telephony.backends.twilio import TwilioBackend
from telephony.errors import NumberTaken, ProviderRefused, ProviderUnclear
from tests.peers.twilio_rest import AUTH_TOKEN, twilio_peer

NUMBER = "+14155550123"
ADDRESSES = NumberAddresses(
    voice_url="https://aloha.example.com/incoming",
    fallback_url="https://aloha.example.com/fallback",
    status_url="https://aloha.example.com/status",
)


@pytest.fixture
def account():
    with twilio_peer() as account:
        yield account


@pytest.fixture
def backend(account, settings) -> TwilioBackend:
    return connect(settings, account, AUTH_TOKEN)


def connect(settings, account, token: str) -> TwilioBackend:
    settings.TELEPHONY = account.backend(token)
    return get_backend()


def buy(backend: TwilioBackend) -> str:
    return backend.purchase_number(NUMBER, tag="aloha:test:1", addresses=ADDRESSES).sid


def test_a_bought_number_carries_its_addresses_and_its_tag(backend, account):
    sid = buy(backend)
    assert account.sold[sid] == {
        "PhoneNumber": NUMBER,
        "FriendlyName": "aloha:test:1",
        "VoiceUrl": "https://aloha.example.com/incoming",
        "VoiceMethod": "POST",
        "VoiceFallbackUrl": "https://aloha.example.com/fallback",
        "VoiceFallbackMethod": "POST",
        "StatusCallback": "https://aloha.example.com/status",
        "StatusCallbackMethod": "POST",
    }


def test_a_listed_number_has_the_name_and_addresses_it_was_bought_with(backend):
    sid = buy(backend)
    [number] = backend.list_numbers()
    assert (number.sid, number.phone_number) == (sid, NUMBER)
    assert (number.tag, number.addresses) == ("aloha:test:1", ADDRESSES)


def test_every_page_of_the_list_is_read(backend, account):
    account.largest_page = 2
    for phone_number in list(account.for_sale)[:5]:
        backend.purchase_number(phone_number, tag="aloha:test:1", addresses=ADDRESSES)
    assert {n.phone_number for n in backend.list_numbers()} == set(list(account.for_sale)[:5])
    assert sum(line.startswith("GET") for line in account.requests) == 3


@pytest.mark.parametrize("fault", ["drop", "garbled", "500"])
def test_a_list_without_a_readable_answer_is_unclear_and_never_empty(backend, account, fault):
    buy(backend)
    account.faults["GET"] = fault
    with pytest.raises(ProviderUnclear):
        backend.list_numbers()


def test_new_addresses_leave_the_name_as_it_was(backend, account):
    sid = buy(backend)
    backend.update_addresses(sid, dataclasses.replace(ADDRESSES, voice_url="https://b.example/"))
    assert account.sold[sid]["VoiceUrl"] == "https://b.example/"
    assert account.sold[sid]["VoiceFallbackUrl"] == ADDRESSES.fallback_url
    assert account.sold[sid]["FriendlyName"] == "aloha:test:1"


def test_a_released_number_is_gone_at_the_provider(backend, account):
    backend.release_number(buy(backend))
    assert account.sold == {}


@pytest.mark.parametrize("fault", ["drop", "garbled"])
def test_a_purchase_without_a_readable_answer_is_unclear(backend, account, fault):
    account.faults["POST"] = fault
    with pytest.raises(ProviderUnclear):
        buy(backend)
    assert len(account.sold) == 1


def test_a_purchase_is_asked_for_once_only(backend, account):
    account.faults["POST"] = "500"
    with pytest.raises(ProviderUnclear):
        buy(backend)
    assert len(account.requests) == 1


def test_a_purchase_that_is_one_too_many_is_refused(backend, account):
    account.faults["POST"] = "429"
    with pytest.raises(ProviderRefused):
        buy(backend)
    assert account.sold == {}


@pytest.mark.parametrize("fault", ["drop", "garbled", "500"])
def test_a_search_without_a_readable_answer_is_unclear(backend, account, fault):
    account.faults["GET"] = fault
    with pytest.raises(ProviderUnclear):
        backend.search_numbers(country="US", area_code=None, limit=5)


@pytest.mark.parametrize("fault", ["drop", "garbled", "500"])
def test_a_release_without_a_readable_answer_is_unclear(backend, account, fault):
    sid = buy(backend)
    account.faults["DELETE"] = fault
    with pytest.raises(ProviderUnclear):
        backend.release_number(sid)


def test_a_server_that_is_not_there_is_unclear(backend, settings):
    with twilio_peer() as gone:
        unreachable = connect(settings, gone, AUTH_TOKEN)
    with pytest.raises(ProviderUnclear):
        buy(unreachable)


def test_a_wrong_token_is_a_refusal(account, settings):
    with pytest.raises(ProviderRefused):
        buy(connect(settings, account, "wrong"))


def test_a_number_that_was_taken_meanwhile_says_so(backend, account):
    account.for_sale.pop(NUMBER)
    with pytest.raises(NumberTaken):
        buy(backend)


@pytest.mark.D3
@pytest.mark.parametrize(
    "sid", ["SIMULATED_SID_" + "0" * 32, "PN" + "g" * 32, "PN" + "0" * 33, "../../x", ""]
)
def test_a_sid_that_is_not_twilios_never_reaches_the_network(backend, account, sid):
    with pytest.raises(ProviderRefused):
        backend.release_number(sid)
    assert account.requests == []
