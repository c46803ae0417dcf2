"""V2: every code of every carrier follows the grammar, and none forwards more than missed calls."""

from collections.abc import Callable

import pytest

from voicemail import carriers
from voicemail.carriers import (
    CARRIERS,
    COUNTRIES,
    Carrier,
    Certainty,
    CodeSet,
    carriers_of,
    fill_in,
    find_carrier,
    guess_carrier,
)
from voicemail.carriers.codes import Code
from voicemail.carriers.grammar import Action, parse

ALOHA = ("+14155550132", "+442079460123")
CODE_SETS = {
    f"{carrier.key}-{position}": codes
    for carrier in (*CARRIERS, *carriers_of("US")[-1:])
    for position, codes in enumerate((carrier.codes, carrier.second_try))
    if codes is not None
}
PARTNERS = {"*71": "*73", "*90": "*91", "*92": "*93"}

pytestmark = pytest.mark.V2


def sets_up(code: str, *, number: str) -> bool:
    parsed = parse(code)
    return parsed.action is Action.REGISTER and number.endswith(
        parsed.number.removeprefix("011").lstrip("+")
    )


def wrong(holds: Callable[[CodeSet], bool]) -> list[str]:
    """The sets of codes of which it does not hold, by carrier and place."""
    return [key for key, codes in CODE_SETS.items() if not holds(codes)]


@pytest.mark.parametrize("number", ALOHA)
def test_every_code_that_sets_up_follows_the_grammar_and_names_the_number(number):
    def names_the_number(codes: CodeSet) -> bool:
        dialling = fill_in(codes, number=number)
        every = (*dialling.register, *dialling.separate, *filter(None, [dialling.timed]))
        return all(sets_up(code, number=number) for code in every)

    assert wrong(names_the_number) == []


def test_every_undo_and_status_code_follows_the_grammar():
    def undoes_and_asks(codes: CodeSet) -> bool:
        undone = all(parse(code.cancel).action is Action.CANCEL for code in codes.all)
        statuses = [code.status for code in codes.all if code.status]
        return undone and all(parse(status).action is Action.QUERY for status in statuses)

    assert wrong(undoes_and_asks) == []


def test_no_code_forwards_calls_that_were_not_missed():
    def forwards_missed_calls_only(codes: CodeSet) -> bool:
        dialling = fill_in(codes, number=ALOHA[0])
        everything = (*dialling.register, *dialling.separate, *dialling.cancel, *dialling.status)
        return not any(parse(code).is_unconditional for code in everything)

    assert wrong(forwards_missed_calls_only) == []


def test_what_undoes_a_code_is_of_the_same_service():
    def is_of_one_service(code: Code) -> bool:
        registered = parse(code.register.format(number="4155550132")).service
        return parse(code.cancel).service == PARTNERS.get(registered, registered)

    assert wrong(lambda codes: all(map(is_of_one_service, codes.all))) == []


def test_every_entry_names_its_source_and_says_what_to_do():
    def says_what_to_do(carrier: Carrier) -> bool:
        told = carrier.codes is not None or carrier.notes
        return bool(carrier.source and told and 5 <= carrier.ring_s <= 30)

    assert [carrier.key for carrier in CARRIERS if not says_what_to_do(carrier)] == []


def test_keys_are_unique_and_the_countries_asked_for_are_there():
    keys = [carrier.key for carrier in CARRIERS]
    assert len(keys) == len(set(keys))
    assert {"US", "CA", "GB", "IE", "FR", "DE", "ES", "IT", "NL", "AU"} <= COUNTRIES.keys()
    assert all(len(listed) >= 3 for listed in COUNTRIES.values())


@pytest.mark.parametrize(
    "code",
    [
        "",
        "**004*",
        "**004#",
        "##004*14155550132#",
        "**61*+14155550132*11*21#",
        "*714155",
        "*73415555",
    ],
)
def test_what_no_network_takes_is_refused(code):
    with pytest.raises(ValueError, match=r"code|registers|time"):
        parse(code)


@pytest.mark.parametrize("code", ["**21*+14155550132#", "##002#", "*724155550132", "##21#"])
def test_codes_for_every_call_are_recognised(code):
    assert parse(code).is_unconditional


@pytest.mark.parametrize(
    ("key", "country", "number", "code"),
    [
        ("us-tmobile", "US", "+14155550132", "**004*14155550132#"),
        ("us-verizon", "US", "+14155550132", "*714155550132"),
        ("us-verizon", "US", "+442079460123", "*71011442079460123"),
        ("gb-ee", "GB", "+442079460123", "**004*+442079460123#"),
        ("standard", "BR", "+5511912345678", "**004*+5511912345678#"),
    ],
)
def test_the_code_to_dial(key, country, number, code):
    carrier = find_carrier(key, country=country)
    assert fill_in(carrier.codes, number=number).register == (code,)


def test_an_unknown_carrier_gets_the_standard_codes_and_the_advice_to_verify():
    other = carriers_of("BR")[-1]
    assert other.certainty is Certainty.STANDARD
    assert "test call" in other.notes[0]


def test_indian_phones_are_not_supported():
    assert carriers_of("IN") == ()
    assert "not supported" in carriers.why_unsupported("IN")


@pytest.mark.parametrize(
    ("number", "key"),
    [
        ("+447400123456", "gb-three"),
        ("+33612345678", "fr-sfr"),
        ("+491711234567", "de-telekom"),
        ("+61412345678", "au-optus"),
    ],
)
def test_the_carrier_is_guessed_where_the_number_plan_knows_it(number, key):
    assert guess_carrier(number).key == key


def test_nothing_is_guessed_where_numbers_are_portable_without_a_trace():
    assert guess_carrier("+14155550178") is None
