"""How much a line may send, and the figures that are kept of it."""

from telephony.frame_limits import FRAMES_AT_ONCE, FRAMES_PER_SECOND, MAX_BAD_FRAMES, FrameLimits
from telephony.stream_facts import StreamFacts


def test_a_line_that_was_stuck_may_deliver_its_frames_at_once():
    limits = FrameLimits()
    limits.taken = FRAMES_AT_ONCE
    assert not limits.is_flood(seconds=0)
    limits.taken += 1
    assert limits.is_flood(seconds=0)


def test_a_long_call_at_the_usual_pace_is_no_flood():
    limits = FrameLimits()
    for second in range(600):
        limits.taken += FRAMES_PER_SECOND
        assert not limits.is_flood(seconds=second)


def test_a_few_bad_frames_are_forgiven():
    limits = FrameLimits()
    assert not any(limits.is_garbage() for _ in range(MAX_BAD_FRAMES))
    assert limits.is_garbage()


def test_the_slowest_barge_in_is_kept():
    facts = StreamFacts()
    for seconds in (0.001, 0.0042, 0.002):
        facts.barged_in(seconds)
    assert facts.as_json()["barge_ins"] == 3
    assert facts.as_json()["slowest_barge_in_ms"] == 4.2
