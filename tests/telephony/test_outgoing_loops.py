"""Calls that come back to where they came from: they are rejected, no agent starts."""

import pytest

from tests.factories import make_call, make_number
from tests.telephony.carrier import incoming_form, post

INCOMING = "/api/twilio/voice/incoming"
MOBILE = "+14155550178"
REJECTED = b"<Reject"

pytestmark = pytest.mark.W9


@pytest.fixture
def number(owner):
    return make_number(owner)


def ring(number, **fields):
    ours = {
        "direction": "outbound",
        "call_type": "live",
        "from_number": number.phone_number,
        "to_number": MOBILE,
    }
    return make_call(number, **(ours | fields))


def answer(number, **fields: str) -> bytes:
    return post(INCOMING, incoming_form(number.phone_number, **fields)).content


def test_a_call_from_our_own_number_is_rejected(number):
    assert REJECTED in answer(number, From=number.phone_number)


@pytest.mark.parametrize("hint", [{"From": MOBILE}, {"ForwardedFrom": MOBILE}])
def test_a_phone_that_we_ring_does_not_forward_us_to_ourselves(number, hint):
    ring(number)
    assert REJECTED in answer(number, **hint)


def test_other_people_are_answered_meanwhile(number):
    ring(number)
    assert b"<Connect" in answer(number)


@pytest.mark.parametrize("status", ["in-progress", "no-answer"])
def test_whoever_was_reached_or_missed_may_call_back(number, status):
    ring(number, status=status)
    assert b"<Connect" in answer(number, From=MOBILE)


def test_an_outgoing_call_that_names_no_row_starts_no_agent(number, stranger):
    other = make_number(stranger)
    form = incoming_form(other.phone_number, From=number.phone_number, Direction="outbound-api")
    assert b"<Connect" not in post(INCOMING, form).content
