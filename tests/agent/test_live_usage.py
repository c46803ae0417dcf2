"""What a call with the Live agent used, and what it cost."""

from decimal import Decimal

import pytest

from agent.backends.live_events import CachedTokens, TaskUsage
from agent.backends.live_usage import LiveMeter, MinutePrice, TokenPrice

VOICE = MinutePrice(model="voice", minute=Decimal("0.06"))
TASK = TokenPrice(
    model="task", tokens_in=Decimal(10), tokens_cached=Decimal(1), tokens_out=Decimal(100)
)
MILLION_EACH = TaskUsage(
    input_tokens=2_000_000,
    output_tokens=1_000_000,
    input_tokens_details=CachedTokens(cached_tokens=1_000_000),
)


def meter(*seconds: float) -> LiveMeter:
    counts = LiveMeter(model="voice", task_model="task")
    counts.session_begins()
    for each in seconds:
        counts.session_used(each)
    return counts


@pytest.mark.parametrize(
    ("told", "cost"),
    [((30.0,), "0.03"), ((10.0, 20.0, 30.0), "0.03"), ((30.0, 20.0), "0.03"), ((0.0,), "0")],
)
def test_seconds_are_cumulative(told, cost):
    assert meter(*told).cost_usd([VOICE]) == Decimal(cost)


def test_each_session_counts():
    counts = meter(30.0)
    counts.session_begins()
    counts.session_used(15.0)
    assert counts.cost_usd([VOICE]) == Decimal("0.045")
    assert counts.totals()["live_ms"] == 45_000
    assert counts.totals()["sessions"] == 2


def test_a_session_that_told_nothing_has_no_known_cost():
    assert meter().cost_usd([VOICE]) is None
    counts = meter(30.0)
    counts.session_begins()
    assert counts.cost_usd([VOICE]) is None


def test_the_model_behind_the_voice_is_paid_by_its_tokens():
    counts = meter(60.0)
    counts.add_task(MILLION_EACH)
    counts.add_task(None)
    assert counts.cost_usd([VOICE, TASK]) == Decimal("0.06") + 10 + 1 + 100
    assert counts.cost_usd([VOICE]) is None
    assert counts.totals() == {
        "model": "voice",
        "task_model": "task",
        "sessions": 1,
        "live_ms": 60_000,
        "tasks": 2,
        "input_text_tokens": 2_000_000,
        "cached_text_tokens": 1_000_000,
        "output_text_tokens": 1_000_000,
    }


def test_nothing_used_costs_nothing():
    assert LiveMeter(model="voice", task_model="task").cost_usd([VOICE]) == 0
