"""What is offered and sold: countries, types, prices and documents."""

from decimal import Decimal

import pytest
from twilio.rest import Client

from telephony import numbers
from telephony.backends.base import NumberType, get_backend
from telephony.backends.twilio_market import KEPT_S, Market
from telephony.errors import (
    DocumentsNeeded,
    InvalidPhoneNumber,
    NumberNotOffered,
    PriceAboveCap,
    ProviderUnclear,
)
from telephony.number_offers import offers_instead
from tests.contract.api_client import ApiClient
from tests.peers.twilio_rest import ACCOUNT_SID, AUTH_TOKEN, Refused, twilio_peer

LOCAL, TOLL_FREE, BRITISH = "+14155550123", "+18885550142", "+442079460120"
SIMULATED_TOLL_FREE = "+18005550199"


@pytest.fixture
def twilio(settings):
    with twilio_peer() as account:
        settings.TELEPHONY = account.backend()
        yield account


def search(user, country="US", area_code=None, number_type=NumberType.LOCAL):
    return numbers.search_offers(
        user=user, country=country, area_code=area_code, number_type=number_type
    )


def buy(user, phone_number, country="US"):
    return numbers.purchase_number(user=user, phone_number=phone_number, country=country)


def asked(account, path: str) -> int:
    return sum(path in line for line in account.requests)


def test_twilio_lists_its_countries_and_what_it_has_there(twilio):
    british, american = get_backend().countries()
    assert (british.code, british.name) == ("GB", "United Kingdom")
    assert british.number_types == {NumberType.LOCAL}
    assert american.number_types == {NumberType.LOCAL, NumberType.TOLL_FREE}


def test_the_mock_sells_in_each_country_that_it_lists(db):
    backend = get_backend()
    for country in backend.countries():
        for kind in country.number_types:
            assert backend.search_numbers(
                country=country.code, area_code=None, limit=1, number_type=kind
            )


def test_countries_and_prices_are_asked_for_once(owner, twilio):
    for _ in range(3):
        get_backend().countries()
        search(owner)
    assert asked(twilio, "/AvailablePhoneNumbers.json") == 1
    assert asked(twilio, "/v1/PhoneNumbers/Countries/US") == 1


def test_after_ten_minutes_countries_are_asked_for_again():
    now = [0.0]
    with twilio_peer() as account:
        client = Client(ACCOUNT_SID, AUTH_TOKEN)
        client.api.base_url = account.base_url
        market = Market(client, clock=lambda: now[0])
        for now[0] in (0.0, KEPT_S - 1, KEPT_S):
            market.countries()
        assert asked(account, "/AvailablePhoneNumbers.json") == 2


def test_an_offer_names_the_price_of_its_type(owner, twilio):
    assert {offer.monthly_price for offer in search(owner)} == {Decimal("1.15")}
    free = search(owner, number_type=NumberType.TOLL_FREE)
    assert [(offer.phone_number, offer.monthly_price) for offer in free] == [
        (TOLL_FREE, Decimal("2.15"))
    ]


@pytest.mark.parametrize(
    "prices",
    [
        pytest.param({}, id="none for the country"),
        pytest.param({"US": {"mobile": "1.00"}}, id="none for the type"),
        pytest.param({"US": {"local": "dear"}}, id="no figure"),
        pytest.param({"US": {"local": "NaN"}}, id="not a number"),
    ],
)
def test_a_price_that_twilio_does_not_say_is_unknown(owner, twilio, prices):
    twilio.market.prices = prices
    assert {offer.monthly_price for offer in search(owner)} == {None}


def test_a_price_in_another_currency_is_unknown(owner, twilio):
    twilio.market.currency = "EUR"
    assert {offer.monthly_price for offer in search(owner)} == {None}


def test_a_toll_free_number_is_bought(owner, twilio):
    number = buy(owner, TOLL_FREE)
    assert number.is_active
    assert twilio.sold[number.twilio_phone_sid]["PhoneNumber"] == TOLL_FREE


@pytest.mark.parametrize("country", ["US", "CA"])
def test_the_simulated_toll_free_number_belongs_to_both_countries(owner, country):
    [offer] = search(owner, country, number_type=NumberType.TOLL_FREE)
    assert offer.phone_number == SIMULATED_TOLL_FREE
    assert buy(owner, offer.phone_number, country).country == country


def test_toll_free_numbers_have_no_area_code_to_choose(owner):
    with pytest.raises(InvalidPhoneNumber, match="Toll-free"):
        search(owner, area_code="800", number_type=NumberType.TOLL_FREE)


def test_a_country_without_toll_free_numbers_offers_none(owner):
    assert search(owner, "GB", number_type=NumberType.TOLL_FREE) == []


def test_what_costs_more_than_allowed_is_neither_offered_nor_sold(owner, twilio, settings):
    settings.NUMBER_MONTHLY_PRICE_CAP = 2
    assert search(owner)
    assert search(owner, number_type=NumberType.TOLL_FREE) == []
    with pytest.raises(PriceAboveCap, match=r"costs \$2.15 a month, and .* allows \$2"):
        buy(owner, TOLL_FREE)
    assert (twilio.sold, owner.phone_numbers.count()) == ({}, 0)


def test_a_price_at_the_cap_is_allowed(owner, twilio, settings):
    settings.NUMBER_MONTHLY_PRICE_CAP = 2
    twilio.market.prices["US"]["toll free"] = "2.00"
    assert buy(owner, TOLL_FREE).is_active


def test_a_toll_free_number_of_unknown_price_is_neither_offered_nor_sold(owner, twilio):
    twilio.market.prices = {}
    assert search(owner, number_type=NumberType.TOLL_FREE) == []
    with pytest.raises(PriceAboveCap, match="does not say"):
        buy(owner, TOLL_FREE)
    assert twilio.sold == {}


@pytest.mark.N4
def test_a_search_says_that_all_numbers_of_a_country_need_documents(owner, twilio):
    with pytest.raises(DocumentsNeeded, match="need an address"):
        search(owner, "GB")


@pytest.mark.N4
def test_a_script_reads_in_the_hint_that_documents_are_needed(owner, twilio):
    answer = ApiClient(owner).search(country="GB")
    assert (answer.status_code, answer.json()) == (200, [])
    assert "need an address or documents" in answer["Aloha-Hint"]
    assert "documents" in ApiClient(owner).random(country="GB").json()["detail"]


@pytest.mark.N4
def test_a_number_that_needs_documents_is_not_sold(owner, twilio):
    twilio.market.need_address.add(LOCAL)
    with pytest.raises(DocumentsNeeded):
        buy(owner, LOCAL)
    assert (twilio.sold, owner.phone_numbers.count()) == ({}, 0)


@pytest.mark.N4
def test_numbers_that_need_documents_are_left_out_of_the_others(owner, twilio):
    twilio.market.need_address.add(LOCAL)
    assert LOCAL not in {offer.phone_number for offer in search(owner, area_code="415")}


@pytest.mark.N4
def test_papers_that_only_the_purchase_asks_for_are_named_and_cost_nothing(owner, twilio):
    twilio.faults["POST"] = Refused(400, 21649)
    with pytest.raises(DocumentsNeeded, match="approved documents"):
        buy(owner, LOCAL)
    assert twilio.sold == {}


def test_premium_numbers_are_not_sold(owner):
    with pytest.raises(NumberNotOffered, match="Premium"):
        buy(owner, "+19005550123")


def test_a_listing_of_countries_that_is_no_json_is_unclear(twilio):
    twilio.faults["GET"] = "garbled"
    with pytest.raises(ProviderUnclear):
        get_backend().countries()


def test_other_offers_are_of_the_same_kind(owner, twilio):
    twilio.market.toll_free["+18885550143"] = ""
    [other] = offers_instead(user=owner, phone_number=TOLL_FREE, country="US", limit=1)
    assert other.phone_number.startswith("+1888")


@pytest.mark.N12
def test_other_offers_come_no_oftener_than_purchases_can_be_made(owner, settings):
    settings.NUMBER_PURCHASES_PER_HOUR = 2
    found = [
        bool(offers_instead(user=owner, phone_number=LOCAL, country="US", limit=1))
        for _ in range(3)
    ]
    assert found == [True, True, False]
