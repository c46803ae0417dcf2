"""One request for a call that comes twice at the same moment: it rings once, and both learn so."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.db import connection

from telephony import outbound
from telephony.errors import TelephonyError
from telephony.models import Call, CallStatus
from tests.factories import make_number

CALLEE = "+15105550147"
NOON = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)
AT_ONCE = 4

pytestmark = [pytest.mark.W7, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def caller(transactional_db, owner):
    make_number(owner)
    return owner


def answer_to(user, key: str) -> str:
    """The id of the call, or the code of what refused it."""
    try:
        return str(outbound.place_call(user=user, phone_number=CALLEE, key=key).id)
    except TelephonyError as error:
        return error.code


def answer_elsewhere(user, key: str) -> str:
    def ask() -> str:
        try:
            return answer_to(user, key)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(ask).result(20)


def test_requests_of_one_moment_under_one_key_are_one_call(caller):
    gate = threading.Barrier(AT_ONCE)

    def ask(_: int) -> str:
        gate.wait(10)
        return answer_elsewhere(caller, "k1")

    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(ask, range(AT_ONCE)))
    assert answers == [str(Call.objects.get().id)] * AT_ONCE


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite lets nobody write between these queries"
)
@pytest.mark.parametrize(
    ("begins_at", "changed"),
    [
        pytest.param("telephony_donotcall", {}, id="a call runs"),
        pytest.param("telephony_usagecounter", {"OUTBOUND_CALLS_PER_DAY": 1}, id="calls used"),
        pytest.param("telephony_usagecounter", {"OUTBOUND_CALLS_PER_DAY_IN_ALL": 1}, id="all used"),
    ],
)
@pytest.mark.parametrize("key", ["k1", "k2"])
def test_a_request_that_is_overtaken_gets_the_call_of_its_own_key_only(
    caller, settings, begins_at, changed, key
):
    for name, value in changed.items():
        setattr(settings, name, value)
    first: list[str] = []

    def overtake(execute: Any, sql: str, *rest: Any) -> Any:
        if begins_at in sql and not first:
            first.append("begun")
            first[0] = answer_elsewhere(caller, "k1")
        return execute(sql, *rest)

    with connection.execute_wrapper(overtake):
        answer = answer_to(caller, key)
    assert (answer == first[0]) == (key == "k1")
    assert str(Call.objects.get().id) == first[0]


def test_a_key_that_was_refused_for_a_running_call_is_still_good(caller):
    running = answer_to(caller, "k1")
    assert answer_to(caller, "k2") == "call_running"
    Call.objects.filter(id=running).update(status=CallStatus.COMPLETED)
    assert answer_to(caller, "k2") not in {running, "call_running"}
