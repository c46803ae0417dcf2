"""What a call used, and what it cost."""

import json
from decimal import Decimal

import pytest

from agent.backends.realtime_events import ResponseDone, TranscriptionUsage, read_event
from agent.backends.realtime_usage import TranscriptionPrice, UsageMeter, VoicePrice
from aloha_site.agent_settings import PRICES
from tests.agent.realtime_call import RealtimeCall

VOICE = VoicePrice(
    model="voice",
    audio_in=Decimal(32),
    audio_cached=Decimal("0.40"),
    audio_out=Decimal(64),
    text_in=Decimal(4),
    text_cached=Decimal("0.40"),
    text_out=Decimal(24),
)
WRITING = TranscriptionPrice(model="writing", minute=Decimal("0.0045"))


def meter() -> UsageMeter:
    return UsageMeter(model="voice", transcription_model="writing")


def usage(**details: object):
    event = {"type": "response.done", "response": {"id": "r", "usage": details}}
    done = read_event(json.dumps(event))
    assert isinstance(done, ResponseDone)
    return done.response.usage


WHOLE = usage(
    total_tokens=4_000_000,
    input_token_details={
        "text_tokens": 1_000_000,
        "audio_tokens": 1_000_000,
        "cached_tokens": 1_000_000,
        "cached_tokens_details": {"text_tokens": 500_000, "audio_tokens": 500_000},
    },
    output_token_details={"text_tokens": 1_000_000, "audio_tokens": 1_000_000},
)


def test_cached_tokens_are_part_of_the_input_and_cheaper():
    counted = meter()
    counted.add_response(WHOLE)
    # Sound: 0.5 of 32, 0.5 of 0.40, 64; text: 0.5 of 4, 0.5 of 0.40, 24.
    assert counted.cost_usd([VOICE]) == Decimal("106.40000")


def test_answers_add_up_and_one_without_usage_counts_as_an_answer():
    counted = meter()
    for each in (WHOLE, WHOLE, None):
        counted.add_response(each)
    assert counted.totals()["responses"] == 3
    assert counted.cost_usd([VOICE]) == Decimal("212.80000")


@pytest.mark.parametrize(
    ("billed", "spoken_ms"),
    [
        pytest.param(TranscriptionUsage(seconds=120), 5, id="by its length"),
        pytest.param(TranscriptionUsage(input_tokens=9), 120_000, id="by tokens"),
    ],
)
def test_what_is_written_down_costs_by_the_minute(billed, spoken_ms):
    counted = meter()
    counted.add_transcription(billed, spoken_ms=spoken_ms)
    assert counted.cost_usd([VOICE, WRITING]) == Decimal("0.00900")


def test_without_a_price_the_cost_is_not_known():
    counted = meter()
    assert counted.cost_usd([]) is None
    assert counted.cost_usd([VOICE]) == Decimal(0)
    counted.add_transcription(TranscriptionUsage(seconds=1), spoken_ms=0)
    assert counted.cost_usd([VOICE]) is None


def test_a_call_has_a_price_with_the_models_that_are_used_unless_others_are_chosen():
    call = RealtimeCall()
    call.wait(2_000)
    call.say()
    totals = call.dialogue.meter.totals()
    assert totals["responses"] == 2
    assert totals["transcribed_ms"] > 1_000
    cost = call.dialogue.meter.cost_usd(PRICES)
    assert cost is not None
    assert 0 < cost < 1
