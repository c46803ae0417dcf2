"""Calls that come in at the same moment: no more of them reach an agent than the settings say."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts.row_security import service_scope
from telephony import calls
from telephony.answering import AgentAnswers
from telephony.carrier_requests import IncomingCall
from telephony.models import UserPhoneNumber
from tests.factories import make_number

pytestmark = pytest.mark.W4

CALLS = 8
PLACES = 3


def agents_for(numbers: Sequence[UserPhoneNumber]) -> int:
    """How many of CALLS calls at once, spread over the numbers, an agent answers."""
    gate = threading.Barrier(CALLS)

    def call(index: int) -> bool:
        incoming = IncomingCall(
            call_sid=f"CA{index:032x}",
            caller="+15105550147",
            caller_withheld=False,
            called=numbers[index % len(numbers)].phone_number,
            forwarded_from="",
            was_forwarded=None,
        )
        gate.wait(30)
        try:
            with service_scope():
                return isinstance(calls.open_call(incoming).answer, AgentAnswers)
        finally:
            connection.close()

    with ThreadPoolExecutor(CALLS) as threads:
        return sum(threads.map(call, range(CALLS)))


@pytest.mark.parametrize("setting", ["AGENT_CALLS_PER_NUMBER", "AGENT_CALLS_AT_ONCE"])
def test_calls_of_one_moment_take_no_more_places_than_there_are(
    transactional_db, owner, settings, setting
):
    setattr(settings, setting, PLACES)
    assert agents_for([make_number(owner)]) == PLACES


def test_calls_of_one_moment_to_several_numbers_keep_to_the_places_of_all(
    transactional_db, owner, stranger, settings
):
    settings.AGENT_CALLS_AT_ONCE = PLACES
    assert agents_for([make_number(owner), make_number(stranger)]) == PLACES
