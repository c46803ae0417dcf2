"""The settings page's number card: what it offers, asks to confirm, and says when it cannot."""

import re
from urllib.parse import urlencode

import pytest
from django.test import Client

from telephony.models import NumberStatus, UserPhoneNumber
from tests.contract.api_client import ApiClient
from tests.factories import make_number, make_user
from tests.peers.twilio_rest import Refused, twilio_peer

SETTINGS = "/aloha/settings"
NUMBER, TOLL_FREE = "+14155550123", "+18885550142"


@pytest.fixture
def as_owner(owner) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def twilio(settings):
    with twilio_peer() as account:
        settings.TELEPHONY = account.backend()
        yield account


def look(client: Client, **query: str) -> str:
    answer = client.get(f"{SETTINGS}?{urlencode(query)}")
    assert answer.status_code == 200
    return answer.content.decode()


def find(client: Client, country: str = "US", what: str = "search", **more: str) -> str:
    return look(client, find=what, country=country, **more)


def choose(client: Client, phone_number: str = NUMBER, country: str = "US", **more: str) -> str:
    return look(client, find="chosen", phone_number=phone_number, country=country, **more)


def take(client: Client, phone_number: str = NUMBER, country: str = "US") -> str:
    form = {"phone_number": phone_number, "country": country}
    return client.post(f"{SETTINGS}/number", form, follow=True).content.decode()


def countries_in(text: str) -> list[str]:
    select = re.search(r'<select name="country".*?</select>', text, re.DOTALL)[0]
    return re.findall(r'<option value="([A-Z]{2})"', select)


def offered(text: str) -> list[tuple[str, str]]:
    """Number and country of every offer that has a button."""
    values = r'name="phone_number" value="([^"]+)">\s*<input type="hidden" name="country" value="'
    return re.findall(values + r'([^"]+)"', text)


def test_the_countries_are_those_that_the_mock_sells(as_owner):
    assert countries_in(look(as_owner)) == ["US", "AU", "CA", "FR", "DE", "GB"]


def test_the_countries_are_those_that_twilio_sells(as_owner, twilio):
    twilio.market.listed = {"GB": ("local",), "US": ("toll_free",)}
    assert countries_in(look(as_owner)) == ["GB"]


def test_the_page_stands_while_the_provider_lists_no_countries(as_owner, twilio):
    twilio.faults["GET"] = "500"
    assert countries_in(look(as_owner)) == ["US"]


def test_whoever_has_a_number_costs_the_provider_no_request(as_owner, owner, twilio):
    make_number(owner)
    assert "Search Numbers" not in find(as_owner)
    assert twilio.requests == []


def test_offers_name_place_and_price(as_owner, twilio):
    text = find(as_owner, area_code="415")
    assert "San Francisco, CA" in text
    assert "$1.15" in text


def test_a_price_that_is_not_known_is_said_to_be_so(as_owner, twilio):
    twilio.market.prices = {}
    assert find(as_owner).count("Not known") == len(offered(find(as_owner)))
    assert "does not say here how much a month" in choose(as_owner)


def test_toll_free_numbers_are_offered_where_there_are_some(as_owner, twilio):
    assert "Toll-free numbers" in look(as_owner)
    text = find(as_owner, what="toll_free")
    assert offered(text) == [(TOLL_FREE, "US")]
    assert "1 toll-free number" in text


def test_where_no_country_has_toll_free_numbers_none_are_promised(as_owner, twilio):
    twilio.market.listed = {"US": ("local",)}
    assert "Toll-free numbers" not in look(as_owner)


@pytest.mark.U1
@pytest.mark.parametrize("what", ["search", "random", "toll_free"])
@pytest.mark.parametrize("country", ["US", "AU", "CA", "FR", "DE", "GB"])
def test_the_page_offers_nothing_that_the_api_refuses(as_owner, country, what):
    for line, (phone_number, where) in enumerate(offered(find(as_owner, country, what))):
        script = ApiClient(make_user(f"buyer{line}@example.com"))
        assert script.purchase(phoneNumber=phone_number, country=where).status_code == 201


@pytest.mark.U1
@pytest.mark.parametrize("cap", [1, 2, 3])
@pytest.mark.parametrize("what", ["search", "random", "toll_free"])
def test_the_page_offers_nothing_of_twilios_that_the_api_refuses(
    as_owner, twilio, settings, what, cap
):
    settings.NUMBER_MONTHLY_PRICE_CAP = cap
    twilio.for_sale["+19005550123"] = ""
    twilio.market.need_address.add(NUMBER)
    for line, (phone_number, where) in enumerate(offered(find(as_owner, what=what))):
        script = ApiClient(make_user(f"buyer{line}@example.com"))
        assert script.purchase(phoneNumber=phone_number, country=where).status_code == 201


def test_a_simulated_number_is_called_so_before_it_is_taken(as_owner, owner):
    text = choose(as_owner)
    assert 'Take <span class="number">(415) 555-0123</span>?' in text
    assert "Nothing is charged, and only simulated phones reach this number." in text
    assert not UserPhoneNumber.objects.for_user(owner).exists()


def test_a_real_number_is_called_so_with_its_price_before_it_is_taken(as_owner, twilio):
    text = choose(as_owner)
    assert "A real number." in text
    assert "$1.15 a month" in text
    assert twilio.sold == {}


def test_a_number_in_place_of_another_is_confirmed_with_what_is_lost(as_owner, owner):
    make_number(owner, phone_number="+14155550132")
    text = choose(as_owner, replace="on")
    assert "(415) 555-0132 is released for good as soon as this one is yours" in text


def test_a_chosen_number_that_is_gone_is_said_before_anything_is_bought(as_owner, stranger):
    make_number(stranger, phone_number=NUMBER)
    text = choose(as_owner)
    assert "(415) 555-0123 was not taken" in text
    assert offered(text)
    assert "Take this number" not in text


@pytest.mark.parametrize("phone_number", ["", "+1", "4155550123", "+1415555012x", "<b>"])
def test_a_chosen_number_that_is_none_is_refused_in_words(as_owner, phone_number):
    assert "choose one from the list" in choose(as_owner, phone_number)


def test_a_number_taken_while_it_was_confirmed_leads_to_others(as_owner, twilio):
    twilio.faults["POST"] = Refused(400, 21422)
    text = take(as_owner)
    assert "(415) 555-0123 was not taken" in text
    assert "Nothing was charged" in text
    assert len(offered(text)) >= 3


def test_other_offers_after_a_refused_purchase_are_no_search(as_owner, twilio, settings):
    settings.NUMBER_SEARCHES_PER_HOUR = 1
    twilio.faults["POST"] = Refused(400, 21422)
    assert offered(take(as_owner))
    assert offered(find(as_owner))


@pytest.mark.N4
def test_a_country_whose_numbers_need_documents_says_so(as_owner, twilio):
    text = find(as_owner, "GB")
    assert "Numbers there need documents" in text
    assert offered(text) == []


@pytest.mark.N4
def test_documents_asked_for_at_the_purchase_are_named(as_owner, twilio):
    twilio.faults["POST"] = Refused(400, 21649)
    assert "needs approved documents" in take(as_owner)


def test_whoever_searches_too_often_is_told_when_it_goes_on(as_owner, settings):
    settings.NUMBER_SEARCHES_PER_HOUR = 1
    find(as_owner)
    assert "try again in" in find(as_owner)


def test_only_a_real_number_can_be_called_from_the_page(as_owner, owner):
    number = make_number(owner)
    assert "Call it" not in look(as_owner)
    UserPhoneNumber.objects.filter(pk=number.pk).update(twilio_phone_sid=f"PN{'0' * 32}")
    assert f'href="tel:{number.phone_number}"' in look(as_owner)


def test_an_active_number_tells_its_place(as_owner, owner):
    make_number(owner, phone_number="+14155550132", area_code="415")
    assert "San Francisco, CA" in look(as_owner)


def test_a_purchase_that_is_open_keeps_the_search_away(as_owner, owner):
    make_number(owner, status=NumberStatus.PURCHASING, twilio_phone_sid="")
    assert "Search Numbers" not in look(as_owner)
