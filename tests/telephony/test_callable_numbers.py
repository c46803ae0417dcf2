"""Which numbers an agent may call: a table of numbers of every kind, each with its answer."""

import csv
from pathlib import Path

import pytest

from telephony.callable_numbers import read_callee, refuse_uncallable
from telephony.errors import TelephonyError

with (Path(__file__).parent / "callees.csv").open(newline="") as file:
    CALLEES = [tuple(row.values()) for row in csv.DictReader(file)]

REFUSALS = [
    "", "country_not_allowed", "emergency_number", "invalid_phone_number", "not_callable",
    "number_type_not_allowed", "premium_number", "satellite_number", "shared_cost_number",
    "short_code",
]  # fmt: skip

pytestmark = pytest.mark.W7


def refusal_of(typed: str, countries: str) -> str:
    """The code of the refusal; blank for a number that may be called."""
    allowed = countries.split()
    try:
        refuse_uncallable(read_callee(typed, country=allowed[0]), countries=allowed)
    except TelephonyError as error:
        return error.code
    return ""


@pytest.mark.parametrize("expected", REFUSALS, ids=lambda code: code or "called")
def test_a_number_is_called_or_refused_by_its_kind(expected):
    rows = [(typed, countries) for typed, countries, refusal in CALLEES if refusal == expected]
    answers = {row: refusal_of(*row) for row in rows}
    assert {row: answer for row, answer in answers.items() if answer != expected} == {}


def test_the_table_is_long_and_has_every_refusal():
    assert len(CALLEES) >= 300
    assert {refusal for _, _, refusal in CALLEES} == set(REFUSALS)
