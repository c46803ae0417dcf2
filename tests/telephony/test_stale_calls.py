"""Calls whose end nobody reported."""

from datetime import timedelta

import pytest
from django.utils import timezone

from telephony.end_reasons import EndReason
from telephony.models import CallStatus
from telephony.stale_calls import close_stale_calls
from tests.factories import make_call, make_number


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
