"""The number API: paths, fields and answers, as scripts rely on them."""

import re
from datetime import datetime

import phonenumbers
import pytest

from telephony.models import NumberStatus, UserPhoneNumber
from telephony.numbers import purchase_number
from tests.contract.api_client import NUMBERS, SETTINGS, ApiClient, field_errors, problem_of
from tests.factories import make_number
from tests.peers.twilio_rest import Refused, twilio_peer

NUMBER = "+14155550123"
WANTED = {"phoneNumber": NUMBER, "country": "US"}
RECORD = {
    "id", "twilioPhoneSid", "phoneNumber", "country", "areaCode", "isActive", "status",
    "voicemailEnabled", "voicemailMode", "externalPhoneNumber", "forwardingEnabled",
    "forwardingConfirmed", "forwardingVerifiedAt", "createdAt", "updatedAt",
}  # fmt: skip
OFFER = {
    "phoneNumber", "nationalFormat", "locality", "region", "country", "areaCode", "capabilities",
    "monthlyPrice",
}  # fmt: skip
# Ofcom's, ARCEP's, ACMA's and the Bundesnetzagentur's numbers that belong to nobody.
KEPT_FREE = {
    "GB": r"\+442079460\d{3}",
    "FR": r"\+3319900\d{4}",
    "AU": r"\+6125550\d{4}|\+61491570\d{3}",
    "DE": r"\+493023125\d{3}",
}
ADDRESSES = [
    ("get", f"{NUMBERS}/available-numbers"),
    ("get", f"{NUMBERS}/random-number"),
    ("get", f"{NUMBERS}/active-number"),
    ("post", f"{NUMBERS}/purchase-number"),
    ("post", f"{NUMBERS}/release-number"),
    ("patch", SETTINGS),
]


@pytest.fixture
def script(owner) -> ApiClient:
    return ApiClient(owner)


@pytest.fixture
def twilio(settings):
    with twilio_peer() as account:
        settings.TELEPHONY = account.backend()
        yield account


# --- Search and random ----------------------------------------------------------------------------


@pytest.mark.N1
def test_a_search_answers_a_bare_list_of_offers(script):
    offers = script.search(country="US", areaCode="415").json()
    assert isinstance(offers, list)
    assert all(offer.keys() == OFFER for offer in offers)


@pytest.mark.N1
def test_an_offer_reads_like_this(script):
    first = script.search(country="US", areaCode="415").json()[0]
    assert first == {
        "phoneNumber": first["phoneNumber"],
        "nationalFormat": f"(415) 555-{first['phoneNumber'][-4:]}",
        "locality": "San Francisco",
        "region": "CA",
        "country": "US",
        "areaCode": "415",
        "capabilities": ["voice"],
        "monthlyPrice": "0.00",
    }


@pytest.mark.N2
@pytest.mark.parametrize(
    ("country", "area_code"),
    [("US", ""), ("US", "212"), ("US", "415"), ("CA", ""), ("CA", "416"), ("CA", "604")],
)
def test_a_search_finds_possible_numbers_that_belong_to_nobody(script, country, area_code):
    offers = script.search(country=country, areaCode=area_code).json()
    assert 5 <= len(offers) <= 10
    assert len({offer["phoneNumber"] for offer in offers}) == len(offers)
    for offer in offers:
        assert offer["country"] == country
        assert area_code in {"", offer["areaCode"]}
        assert offer["phoneNumber"][2:10] == f"{offer['areaCode']}55501"
        assert phonenumbers.is_valid_number(phonenumbers.parse(offer["phoneNumber"]))


@pytest.mark.N2
@pytest.mark.parametrize("country", KEPT_FREE)
def test_a_search_abroad_finds_numbers_that_are_kept_free(script, country):
    found = [offer["phoneNumber"] for offer in script.search(country=country).json()]
    assert 5 <= len(set(found)) == len(found) <= 10
    assert [number for number in found if not re.fullmatch(KEPT_FREE[country], number)] == []
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(number)) for number in found)


@pytest.mark.N2
@pytest.mark.parametrize("country", ["US", "CA"])
def test_the_same_search_finds_the_same_numbers(script, country):
    assert script.search(country=country).json() == script.search(country=country).json()


@pytest.mark.N2
def test_a_search_without_a_country_looks_in_the_united_states(script):
    assert script.search().json() == script.search(country="US").json()


@pytest.mark.N2
def test_a_search_that_finds_nothing_says_where_else_to_look(script):
    answer = script.search(country="IT")
    assert (answer.status_code, answer.json()) == (200, [])
    assert answer["Aloha-Hint"] == "No numbers are available there; try another area code."


@pytest.mark.D2
def test_a_country_may_be_written_in_lower_case(script):
    assert script.search(country="ca").json() == script.search(country="CA").json()


@pytest.mark.D2
@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ({"country": "XX"}, "country", "unknown_country"),
        ({"country": "USA"}, "country", "unknown_country"),
        ({"country": ""}, "country", "blank"),
        ({"country": "US\0"}, "country", "unknown_country"),
        ({"country": ["US", "CA"]}, "country", "invalid"),
        ({"areaCode": "41"}, "areaCode", "invalid_area_code"),
        ({"areaCode": "055"}, "areaCode", "invalid_area_code"),
        ({"areaCode": "41\0"}, "areaCode", "null_characters_not_allowed"),
        ({"country": "GB", "areaCode": "020"}, "areaCode", "invalid_area_code"),
        ({"areacode": "415"}, "areacode", "unknown_field"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(script, query, field, code):
    assert field_errors(script.get(f"{NUMBERS}/available-numbers", query)) == {field: code}


@pytest.mark.N1
@pytest.mark.N3
def test_random_is_one_offer(script):
    offer = script.random().json()
    assert offer.keys() == OFFER
    assert script.purchase(phoneNumber=offer["phoneNumber"], country="US").status_code == 201


@pytest.mark.N3
def test_random_without_numbers_says_where_else_to_look(script):
    problem = problem_of(script.random(country="IT"), 404, "none_available")
    assert "another area code" in problem["detail"]


@pytest.mark.N3
@pytest.mark.parametrize("ask", [ApiClient.search, ApiClient.random])
def test_looking_for_a_number_beside_an_active_one_is_a_conflict(script, owner, ask):
    make_number(owner)
    problem_of(ask(script), 409, "already_has_number")


def test_a_provider_that_does_not_answer_can_be_asked_again(script, twilio):
    twilio.faults["GET"] = "500"
    answer = script.search()
    problem_of(answer, 503, "provider_unclear")
    assert answer["Retry-After"] == "5"


# --- Purchase -------------------------------------------------------------------------------------


@pytest.mark.N1
def test_a_purchase_answers_the_record(script, owner):
    answer = script.purchase(**WANTED, areaCode="415")
    number = owner.phone_numbers.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "id": str(number.pk),
        "twilioPhoneSid": number.twilio_phone_sid,
        "phoneNumber": NUMBER,
        "country": "US",
        "areaCode": "415",
        "isActive": True,
        "status": "active",
        "voicemailEnabled": False,
        "voicemailMode": "none",
        "externalPhoneNumber": None,
        "forwardingEnabled": False,
        "forwardingConfirmed": False,
        "forwardingVerifiedAt": None,
        "createdAt": answer.json()["createdAt"],
        "updatedAt": answer.json()["updatedAt"],
    }


@pytest.mark.N1
def test_times_are_utc_wherever_the_owner_lives(script, owner):
    created = script.purchase(**WANTED).json()["createdAt"]
    assert created.endswith("Z")
    assert datetime.fromisoformat(created) == owner.phone_numbers.get().created_at


@pytest.mark.N1
def test_the_same_purchase_again_answers_the_same(script, owner):
    first, second = script.purchase(**WANTED), script.purchase(**WANTED)
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert owner.phone_numbers.count() == 1


@pytest.mark.N1
def test_an_unconfirmed_purchase_is_accepted(script, twilio):
    twilio.faults["POST"] = "drop"
    answer = script.purchase(**WANTED)
    assert answer.status_code == 202
    assert answer.json().keys() == RECORD
    assert (answer.json()["status"], answer.json()["isActive"]) == ("purchasing", False)


@pytest.mark.D2
@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({}, {"phoneNumber": "required", "country": "required"}),
        ({"phoneNumber": NUMBER}, {"country": "required"}),
        (WANTED | {"phone_number": NUMBER}, {"phone_number": "unknown_field"}),
        (WANTED | {"phoneNumber": "555 0100"}, {"phoneNumber": "invalid_phone_number"}),
        (WANTED | {"phoneNumber": "+1 (212) 555-0100x"}, {"phoneNumber": "invalid_phone_number"}),
        (WANTED | {"phoneNumber": "+1 415 555 0123"}, {"phoneNumber": "invalid_phone_number"}),
        (WANTED | {"phoneNumber": "+1415555012"}, {"phoneNumber": "invalid_phone_number"}),
        (WANTED | {"phoneNumber": "+١٤١٥٥٥٥٠١٢٣"}, {"phoneNumber": "invalid_phone_number"}),
        (WANTED | {"phoneNumber": NUMBER + "\0"}, {"phoneNumber": "invalid_phone_number"}),
        (WANTED | {"phoneNumber": 14155550123}, {"phoneNumber": "invalid"}),
        (WANTED | {"phoneNumber": [NUMBER]}, {"phoneNumber": "invalid"}),
        (WANTED | {"phoneNumber": None}, {"phoneNumber": "null"}),
        (WANTED | {"phoneNumber": ""}, {"phoneNumber": "blank"}),
        (WANTED | {"country": "XX"}, {"country": "unknown_country"}),
        (WANTED | {"country": {"code": "US"}}, {"country": "invalid"}),
        (WANTED | {"country": "CA"}, {"country": "mismatch"}),
        (WANTED | {"areaCode": "212"}, {"areaCode": "mismatch"}),
        (WANTED | {"areaCode": 415}, {"areaCode": "invalid"}),
        (
            {"phoneNumber": "+442079460123", "country": "GB", "areaCode": "020"},
            {"areaCode": "invalid_area_code"},
        ),
    ],
)
def test_a_purchase_that_makes_no_sense_is_refused(script, body, refused):
    assert field_errors(script.purchase(**body)) == refused
    assert not UserPhoneNumber.objects.exists()


@pytest.mark.N1
@pytest.mark.D2
def test_a_country_without_area_codes_sells_without_one(script):
    answer = script.purchase(phoneNumber="+442079460123", country="gb", areaCode=None)
    assert answer.status_code == 201
    assert (answer.json()["country"], answer.json()["areaCode"]) == ("GB", None)


@pytest.mark.N4
@pytest.mark.N1
def test_a_number_nobody_sells_is_not_bought(script):
    answer = script.purchase(phoneNumber="+390612345678", country="IT")
    problem_of(answer, 422, "number_not_offered")
    assert not UserPhoneNumber.objects.exists()


@pytest.mark.N1
def test_a_number_somebody_else_took_comes_with_three_others(script, stranger):
    purchase_number(user=stranger, phone_number=NUMBER, country="US")
    problem = problem_of(script.purchase(**WANTED), 409, "number_taken")
    offers = [offer["phoneNumber"] for offer in problem["offers"]]
    assert len(set(offers) - {NUMBER}) == 3
    assert all(offer.keys() == OFFER for offer in problem["offers"])
    assert {offer["areaCode"] for offer in problem["offers"]} == {"415"}
    assert script.purchase(phoneNumber=offers[0], country="US").status_code == 201


@pytest.mark.N1
@pytest.mark.parametrize(
    ("magic", "code"), [("+15005550000", "number_taken"), ("+15005550001", "provider_refused")]
)
def test_a_number_the_provider_does_not_give_comes_with_others_of_the_country(script, magic, code):
    problem = problem_of(script.purchase(phoneNumber=magic, country="US"), 409, code)
    assert [offer["country"] for offer in problem["offers"]] == ["US"] * 3
    assert script.active().json() is None


@pytest.mark.N6
def test_a_second_number_replaces_the_active_one(script):
    script.purchase(**WANTED)
    answer = script.purchase(phoneNumber="+14155550124", country="US")
    assert answer.status_code == 201
    assert script.active().json()["phoneNumber"] == "+14155550124"


@pytest.mark.N6
def test_a_swap_the_provider_refuses_comes_with_other_offers_and_keeps_the_number(script):
    script.purchase(**WANTED)
    answer = script.purchase(phoneNumber="+15005550000", country="US")
    assert len(problem_of(answer, 409, "number_taken")["offers"]) == 3
    assert script.active().json()["phoneNumber"] == WANTED["phoneNumber"]


@pytest.mark.N1
def test_a_purchase_beside_an_open_one_is_a_conflict_that_passes(script, owner):
    make_number(owner, status=NumberStatus.PURCHASING, twilio_phone_sid="")
    answer = script.purchase(**WANTED)
    problem_of(answer, 409, "purchase_in_progress")
    assert answer["Retry-After"] == "5"


def test_a_provider_that_cannot_be_asked_sells_nothing(script, twilio):
    twilio.faults["GET"] = "500"
    problem_of(script.purchase(**WANTED), 503, "provider_unclear")
    assert not UserPhoneNumber.objects.exists()


# --- Release and active number --------------------------------------------------------------------


@pytest.mark.N1
def test_a_release_answers_the_record_and_so_does_a_second_one(script):
    script.purchase(**WANTED)
    first, second = script.release(), script.release()
    assert (first.status_code, second.status_code) == (200, 200)
    assert (first.json()["status"], first.json()["isActive"]) == ("released", False)
    assert first.json() == second.json()


@pytest.mark.N1
def test_a_release_needs_no_body_and_no_content_type(owner):
    make_number(owner)
    script = ApiClient(owner)
    answer = script.generic("POST", f"{NUMBERS}/release-number")
    assert (answer.status_code, answer.json()["status"]) == (200, "released")


@pytest.mark.N1
def test_a_release_without_a_number_finds_none(script):
    problem_of(script.release(), 404, "no_number")


@pytest.mark.N1
def test_a_release_with_anything_in_its_body_is_refused(script, owner):
    number = make_number(owner)
    answer = script.post(
        f"{NUMBERS}/release-number", {"phoneNumber": NUMBER}, content_type="application/json"
    )
    assert field_errors(answer) == {"phoneNumber": "unknown_field"}
    number.refresh_from_db()
    assert number.status == NumberStatus.ACTIVE


@pytest.mark.N1
def test_an_unconfirmed_purchase_cannot_be_released(script, owner):
    make_number(owner, status=NumberStatus.PURCHASING, twilio_phone_sid="")
    problem_of(script.release(), 409, "purchase_in_progress")


@pytest.mark.N1
def test_the_active_number_is_null_without_one(script, owner):
    make_number(owner, status=NumberStatus.RELEASED)
    answer = script.active()
    assert (answer.status_code, answer.content) == (200, b"null")


@pytest.mark.N1
def test_the_active_number_is_its_record(script):
    bought = script.purchase(**WANTED).json()
    assert script.active().json() == bought
    assert bought.keys() == RECORD


# --- Who may ask, and where -----------------------------------------------------------------------


@pytest.mark.N1
@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_nobody_is_asked_to_log_in(db, method, path):
    answer = getattr(ApiClient(), method)(path)
    problem_of(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Session realm="Aloha"'


@pytest.mark.N1
@pytest.mark.parametrize(("method", "path"), [each for each in ADDRESSES if each[0] != "get"])
@pytest.mark.parametrize("headers", [{}, {"X-CSRFToken": "b" * 32}], ids=["none", "wrong"])
def test_a_change_without_the_csrf_token_is_refused(owner, method, path, headers):
    number = make_number(owner)
    script = ApiClient(owner, csrf=False)
    answer = getattr(script, method)(path, content_type="application/json", headers=headers)
    problem_of(answer, 403, "csrf_failed")
    number.refresh_from_db()
    assert number.status == NumberStatus.ACTIVE


@pytest.mark.N1
def test_a_form_from_another_site_is_refused_before_it_is_read(owner):
    number = make_number(owner)
    answer = ApiClient(owner, csrf=False).post(f"{NUMBERS}/release-number", {"any": "form"})
    problem_of(answer, 403, "csrf_failed")
    number.refresh_from_db()
    assert number.status == NumberStatus.ACTIVE


@pytest.mark.N1
@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_a_slash_at_the_end_is_another_address(script, method, path):
    assert getattr(script, method)(f"{path}/").status_code == 404


@pytest.mark.N1
@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_other_methods_are_named(script, method, path):
    answer = script.delete(path)
    problem_of(answer, 405, "method_not_allowed")
    assert method.upper() in answer["Allow"].split(", ")


@pytest.mark.N1
def test_a_user_who_was_locked_out_is_nobody(script, owner):
    owner.is_active = False
    owner.save()
    problem_of(script.active(), 401, "not_authenticated")


@pytest.mark.N1
def test_a_stranger_sees_and_changes_only_what_is_hers(owner, stranger):
    number = make_number(owner, voicemail_enabled=True, voicemail_mode="receptionist")
    script = ApiClient(stranger)
    assert script.active().json() is None
    problem_of(script.release(), 404, "no_number")
    problem_of(script.change(voicemailEnabled=False), 409, "no_number")
    problem = problem_of(
        script.purchase(phoneNumber=number.phone_number, country="US"), 409, "number_taken"
    )
    assert str(number.pk) not in str(problem)
    number.refresh_from_db()
    assert (number.status, number.voicemail_enabled) == (NumberStatus.ACTIVE, True)


@pytest.mark.N8
def test_a_busy_provider_says_when_to_come_back_and_keeps_nothing(script, twilio):
    twilio.faults["POST"] = Refused(429, 20429, retry_after="7")
    wanted = {"phoneNumber": next(iter(twilio.for_sale)), "country": "US"}
    answer = script.purchase(**wanted)
    problem_of(answer, 503, "provider_busy")
    assert answer["Retry-After"] == "7"
    del twilio.faults["POST"]
    assert script.purchase(**wanted).status_code == 201
