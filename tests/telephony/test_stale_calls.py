"""Calls whose end nobody reported."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agent.session import AgentOutcome
from telephony import call_events
from telephony.call_events import EventKind
from telephony.end_reasons import EndReason
from telephony.models import CallEvent, CallStatus, DoNotCall, StreamState
from telephony.stale_calls import close_stale_calls
from tests.factories import make_call, make_number
from tests.telephony.test_do_not_call import CALLEE, say


@pytest.fixture
def number(owner):
    return make_number(owner)


def call_of(number, *, minutes_ago: float, **fields):
    started_at = timezone.now() - timedelta(minutes=minutes_ago)
    return make_call(number, started_at=started_at, **fields)


@pytest.mark.parametrize(
    ("status", "ended_as"),
    [
        pytest.param(CallStatus.RINGING, CallStatus.NO_ANSWER, id="never answered"),
        pytest.param(CallStatus.IN_PROGRESS, CallStatus.COMPLETED, id="answered"),
    ],
)
def test_a_call_older_than_any_call_can_be_is_over(number, status, ended_as):
    call = call_of(number, minutes_ago=30, status=status)
    assert close_stale_calls() == 1
    call.refresh_from_db()
    assert call.status == ended_as
    assert call.ended_at is not None
    assert call.duration_s == 0
    assert call.end_reason == EndReason.CALLER_HUNG_UP_EARLY


def test_a_long_call_is_left_alone(number):
    call_of(number, minutes_ago=12, status=CallStatus.IN_PROGRESS)
    assert close_stale_calls() == 0


def test_a_call_that_ended_keeps_its_end(number):
    ended_at = timezone.now() - timedelta(minutes=29)
    call = call_of(number, minutes_ago=30, status=CallStatus.BUSY, ended_at=ended_at)
    close_stale_calls()
    call.refresh_from_db()
    assert (call.status, call.ended_at) == (CallStatus.BUSY, ended_at)


def a_call_without_its_stream(number, *, seconds: float, **fields):
    """The carrier was told of a stream that it never opened; the token ended so long ago."""
    expired_at = timezone.now() - timedelta(seconds=seconds)
    issued = {"stream_state": StreamState.ISSUED, "stream_token_expires_at": expired_at}
    return call_of(number, minutes_ago=5, **(issued | fields))


def a_call_after_its_stream(number, *, seconds: float, outcome=AgentOutcome.FINISHED, **fields):
    closed = {"stream_state": StreamState.CLOSED, "agent_outcome": outcome.value}
    call = call_of(
        number, minutes_ago=5, status=CallStatus.IN_PROGRESS, answered_at=None, **(closed | fields)
    )
    call_events.note(call.id, kind=EventKind.AGENT_CLOSED)
    closed_at = timezone.now() - timedelta(seconds=seconds)
    CallEvent.objects.filter(call=call).update(received_at=closed_at)
    return call


@pytest.mark.parametrize("quiet", [a_call_without_its_stream, a_call_after_its_stream])
def test_a_call_in_which_nothing_is_to_come_has_a_minute_for_its_end(number, quiet):
    quiet(number, seconds=50)
    assert close_stale_calls() == 0
    over = quiet(number, seconds=70)
    assert close_stale_calls() == 1
    over.refresh_from_db()
    assert over.is_final


@pytest.mark.parametrize("quiet", [a_call_without_its_stream, a_call_after_its_stream])
def test_a_caller_who_may_be_leaving_a_message_is_left_alone(number, quiet):
    quiet(number, seconds=70, carrier_records=True)
    a_call_after_its_stream(number, seconds=70, outcome=AgentOutcome.FAILED)
    assert close_stale_calls() == 0


@pytest.mark.W7
def test_what_was_said_before_the_process_died_is_heeded(number):
    call = call_of(number, minutes_ago=30, direction="outbound", to_number=CALLEE)
    say(call, "caller")
    close_stale_calls()
    assert DoNotCall.objects.get().phone_number == CALLEE
