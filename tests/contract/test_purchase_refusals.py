"""Purchases that cannot be: each is a problem with field and code, and nothing is paid for."""

import pytest

from tests.contract.api_client import NUMBERS, ApiClient, problem_of
from tests.factories import make_number
from tests.peers.twilio_rest import Refused, twilio_peer

NUMBER, TOLL_FREE = "+14155550123", "+18885550142"
PURCHASE = f"{NUMBERS}/purchase-number"


@pytest.fixture
def twilio(settings):
    with twilio_peer() as account:
        settings.TELEPHONY = account.backend()
        yield account


@pytest.fixture
def script(owner) -> ApiClient:
    return ApiClient(owner)


def fields_of(problem: dict) -> dict[str, str]:
    return {error["field"]: error["code"] for error in problem["errors"]}


def is_unpaid(account, owner) -> bool:
    """Nothing is bought, and no row waits for a purchase or holds a number."""
    return account.sold == {} and not owner.phone_numbers.exclude(status="failed").exists()


@pytest.mark.parametrize(
    ("phone_number", "cap", "code"),
    [
        pytest.param("+14155550199", 5, "number_not_offered", id="not for sale"),
        pytest.param("+19005550123", 5, "number_not_offered", id="premium, not for sale"),
        pytest.param(TOLL_FREE, 1, "price_above_cap", id="toll-free above the cap"),
        pytest.param(NUMBER, 1, "price_above_cap", id="local above the cap"),
    ],
)
def test_a_number_that_is_not_sold_names_its_field(
    owner, script, twilio, settings, phone_number, cap, code
):
    settings.NUMBER_MONTHLY_PRICE_CAP = cap
    answer = script.purchase(phoneNumber=phone_number, country="US")
    assert fields_of(problem_of(answer, 422, code)) == {"phoneNumber": code}
    assert is_unpaid(twilio, owner)


def test_a_premium_number_that_the_provider_sells_is_refused(owner, script, twilio):
    twilio.for_sale["+19005550123"] = ""
    answer = script.purchase(phoneNumber="+19005550123", country="US")
    assert "Premium" in problem_of(answer, 422, "number_not_offered")["detail"]
    assert is_unpaid(twilio, owner)


@pytest.mark.N4
def test_a_number_with_documents_names_its_field_and_others(owner, script, twilio):
    twilio.market.need_address.add(NUMBER)
    problem = problem_of(script.purchase(phoneNumber=NUMBER, country="US"), 409, "documents_needed")
    assert fields_of(problem) == {"phoneNumber": "documents_needed"}
    assert len(problem["offers"]) == 3
    assert is_unpaid(twilio, owner)


@pytest.mark.N4
def test_a_number_taken_meanwhile_names_its_field_and_three_others(owner, script, twilio):
    twilio.faults["POST"] = Refused(400, 21422)
    problem = problem_of(script.purchase(phoneNumber=NUMBER, country="US"), 409, "number_taken")
    assert fields_of(problem) == {"phoneNumber": "number_taken"}
    assert len(problem["offers"]) == 3
    assert is_unpaid(twilio, owner)


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"country": "CA"}, "country", "mismatch"),
        ({"country": "GB"}, "country", "mismatch"),
        ({"phoneNumber": TOLL_FREE, "country": "GB"}, "country", "mismatch"),
        ({"country": "XX"}, "country", "unknown_country"),
        ({"areaCode": "416"}, "areaCode", "mismatch"),
        ({"areaCode": "020"}, "areaCode", "invalid_area_code"),
        ({"areaCode": 415}, "areaCode", "invalid"),
        ({"phoneNumber": "(415) 555-0123"}, "phoneNumber", "invalid_phone_number"),
        ({"phoneNumber": None}, "phoneNumber", "null"),
        ({"phone_number": NUMBER}, "phone_number", "unknown_field"),
    ],
)
def test_a_purchase_that_contradicts_itself_names_the_field(
    owner, script, twilio, change, field, code
):
    answer = script.purchase(**({"phoneNumber": NUMBER, "country": "US"} | change))
    assert fields_of(problem_of(answer, 400, "invalid")) == {field: code}
    assert (twilio.requests, owner.phone_numbers.count()) == ([], 0)


@pytest.mark.parametrize("key", ["k" * 256, "", "schlüssel", "a\tb"])
def test_a_key_that_is_none_is_refused(owner, script, twilio, key):
    answer = script.post(
        PURCHASE,
        {"phoneNumber": NUMBER, "country": "US"},
        content_type="application/json",
        headers={"Idempotency-Key": key},
    )
    problem = problem_of(answer, 400, "invalid")
    assert fields_of(problem) == {"Idempotency-Key": "invalid_idempotency_key"}
    assert is_unpaid(twilio, owner)


@pytest.mark.parametrize("body", ["[]", '"+14155550123"', "7", "null", "{", "[{}]"])
def test_a_body_that_is_no_object_buys_nothing(owner, script, twilio, body):
    answer = script.post(PURCHASE, body, content_type="application/json")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert (twilio.requests, owner.phone_numbers.count()) == ([], 0)


def test_a_search_answered_with_no_json_buys_nothing(owner, script, twilio):
    twilio.faults["GET"] = "garbled"
    problem_of(script.purchase(phoneNumber=NUMBER, country="US"), 503, "provider_unclear")
    assert is_unpaid(twilio, owner)


@pytest.mark.N8
def test_a_purchase_answered_with_no_json_is_confirmed_later_and_made_once(owner, script, twilio):
    twilio.faults["POST"] = "garbled"
    answers = [script.purchase(phoneNumber=NUMBER, country="US") for _ in range(2)]
    assert [(answer.status_code, answer.json()["status"]) for answer in answers] == [
        (202, "purchasing")
    ] * 2
    assert len(twilio.sold) == 1


@pytest.mark.N6
def test_a_swap_that_is_refused_keeps_the_number_one_has(owner, script, twilio, settings):
    settings.NUMBER_MONTHLY_PRICE_CAP = 2
    kept = make_number(owner, twilio_phone_sid=f"PN{'0' * 32}")
    problem_of(script.purchase(phoneNumber=TOLL_FREE, country="US"), 422, "price_above_cap")
    assert script.active().json()["phoneNumber"] == kept.phone_number
    assert twilio.sold == {}
