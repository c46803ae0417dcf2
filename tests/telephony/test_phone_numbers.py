"""Reading and writing phone numbers."""

import phonenumbers
import pytest

from telephony.area_codes import area_code_of, clean_area_code
from telephony.backends import area_places, fictional_numbers
from telephony.errors import InvalidPhoneNumber
from telephony.phone_numbers import country_of, is_withheld, masked, national, normalise


@pytest.mark.parametrize(
    ("typed", "country", "e164"),
    [
        ("+1 415 555 0132", None, "+14155550132"),
        ("(415) 555-0132", "US", "+14155550132"),
        ("415.555.0132", "US", "+14155550132"),
        (" +14155550132 ", "US", "+14155550132"),
        ("020 7946 0123", "GB", "+442079460123"),
        ("+44 20 7946 0123", "US", "+442079460123"),
    ],
)
def test_a_typed_number_is_read_as_e164(typed, country, e164):
    assert normalise(typed, country) == e164


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "555 0100",
        "+1 (212) 555-0100x",
        "+1 212 555 0100 ext. 5",
        "1-800-FLOWERS",
        "+1415555",
        "+141555501321234567",
        "+999 415 555 0132",
        "+14155550132; DROP",
        "+1415555\x000132",
        "tel:+14155550132",
    ],
)
def test_what_is_no_number_is_refused(typed):
    with pytest.raises(InvalidPhoneNumber):
        normalise(typed, "US")


def test_a_national_number_without_a_country_is_refused():
    with pytest.raises(InvalidPhoneNumber):
        normalise("(415) 555-0132")


def test_a_number_is_shown_as_its_country_writes_it():
    assert national("+14155550132") == "(415) 555-0132"
    assert national("+442079460123") == "020 7946 0123"


def test_text_that_is_no_number_is_shown_as_it_is():
    assert national("anonymous") == "anonymous"


def test_a_number_knows_its_country():
    assert [country_of(n) for n in ("+14155550132", "+14165550132")] == ["US", "CA"]


def test_logs_see_the_last_four_digits_only():
    assert masked("+14155550132") == "…0132"


@pytest.mark.parametrize("caller", ["", "Anonymous", "RESTRICTED", "+266696687", " unknown "])
def test_a_withheld_caller_is_recognised(caller):
    assert is_withheld(caller)


def test_a_caller_with_a_number_is_not_withheld():
    assert not is_withheld("+15105550147")


@pytest.mark.parametrize("typed", ["415", " 415 ", "(415)"])
def test_an_area_code_is_read(typed):
    assert clean_area_code(typed, country="US") == "415"


@pytest.mark.parametrize("typed", [None, "", "  "])
def test_no_area_code_means_anywhere(typed):
    assert clean_area_code(typed, country="GB") is None


@pytest.mark.parametrize(
    ("typed", "country"),
    [("41", "US"), ("4155", "US"), ("115", "CA"), ("4l5", "US"), ("٤١٥", "US"), ("020", "GB")],
)
def test_a_bad_area_code_is_refused(typed, country):
    with pytest.raises(InvalidPhoneNumber):
        clean_area_code(typed, country=country)


def test_area_codes_stand_in_american_numbers_only():
    assert area_code_of("+14155550132", country="US") == "415"
    assert area_code_of("+442079460123", country="GB") is None


@pytest.mark.parametrize("country", sorted(fictional_numbers.COUNTRIES))
def test_every_fictional_number_is_valid_in_its_country(country):
    numbers = list(fictional_numbers.numbers_for(country, None))
    assert len(set(numbers)) == len(numbers) >= 100
    parsed = [phonenumbers.parse(number) for number in numbers]
    assert all(phonenumbers.is_valid_number_for_region(number, country) for number in parsed)


@pytest.mark.parametrize(
    ("country", "area_code"), [("US", "415"), ("US", "907"), ("CA", "416"), ("CA", "867")]
)
def test_american_fictional_numbers_are_all_555_01(country, area_code):
    numbers = set(fictional_numbers.numbers_for(country, area_code))
    assert numbers == {f"+1{area_code}55501{line:02d}" for line in range(100)}


@pytest.mark.parametrize(("country", "area_code"), [("US", "416"), ("CA", "415"), ("US", "800")])
def test_another_countrys_area_code_has_no_fictional_numbers(country, area_code):
    assert list(fictional_numbers.numbers_for(country, area_code)) == []


@pytest.mark.parametrize(
    ("phone_number", "country", "place"),
    [
        ("+14155550123", "US", ("San Francisco", "CA")),
        ("+19075550123", "US", ("", "AK")),
        ("+18675550123", "CA", ("", "YT, NT, NU")),
        ("+15005550006", "US", ("", "")),
        ("+442079460123", "GB", ("London", "England")),
        ("+441214960123", "GB", ("", "")),
    ],
)
def test_a_number_has_a_place_where_one_is_known(phone_number, country, place):
    assert fictional_numbers.place_of(phone_number, country=country) == place


@pytest.mark.parametrize(
    ("states", "country"),
    [(area_places.US_STATES, "US"), (area_places.CANADIAN_PROVINCES, "CA")],
)
def test_every_area_code_belongs_to_its_country(states, country):
    codes = [code for codes in states.values() for code in codes.split()]
    assert len(set(codes)) == len(codes)
    assert {country_of(f"+1{code}5550123") for code in codes} == {country}
