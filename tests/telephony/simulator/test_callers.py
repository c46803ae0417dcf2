"""When a caller speaks and hangs up, frame by frame, without a clock."""

import itertools
from collections.abc import Callable, Iterable

import pytest

from telephony.simulator import callers
from telephony.simulator.callers import Listener, WavCaller
from telephony.simulator.errors import UnknownScript
from telephony.simulator.loudness import SILENCE, is_loud

LOUD = bytes([0x80, 0x00] * 80)
AGENT, NOBODY, RECORDER = Listener.AGENT, Listener.NOBODY, Listener.RECORDER

Part = tuple[Listener, bytes, int]


def starts_ms(caller: WavCaller, *parts: Part) -> list[int]:
    """When the caller started turns, given what was heard: (listener, frame, milliseconds)."""
    starts, was_loud, now_ms = [], False, 0
    for listener, frame, length_ms in parts:
        for _ in range(length_ms // 20):
            loud = is_loud(caller.exchange(frame, listener=listener))
            if loud and not was_loud:
                starts.append(now_ms)
            was_loud = loud
            now_ms += 20
    return starts


def turns(count: int, *, length_ms: int = 200) -> list[bytes]:
    return [LOUD * (length_ms // 20)] * count


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        pytest.param(
            [(AGENT, LOUD, 1000), (AGENT, SILENCE, 2000)], [1500], id="after the agent's greeting"
        ),
        pytest.param([(AGENT, SILENCE, 9000)], [], id="never before the agent has spoken"),
        pytest.param(
            [(AGENT, LOUD, 400), (AGENT, SILENCE, 480), (AGENT, LOUD, 400), (AGENT, SILENCE, 900)],
            [1780],
            id="a short pause of the agent is no turn",
        ),
        pytest.param(
            [(AGENT, LOUD, 400), (AGENT, SILENCE, 9000)], [900], id="one turn per silence"
        ),
        pytest.param(
            [
                (AGENT, LOUD, 400),
                (AGENT, SILENCE, 1000),
                (AGENT, LOUD, 400),
                (AGENT, SILENCE, 1000),
            ],
            [900, 2300],
            id="the second turn after the agent's answer",
        ),
        pytest.param(
            [(NOBODY, LOUD, 1000), (NOBODY, SILENCE, 200), (AGENT, SILENCE, 3000)],
            [],
            id="a notice before the stream is not the agent",
        ),
        pytest.param(
            [(NOBODY, LOUD, 1000), (RECORDER, SILENCE, 3000)],
            [1500],
            id="a recorder needs only the greeting before it",
        ),
        pytest.param(
            [
                (AGENT, LOUD, 400),
                (AGENT, SILENCE, 560),
                (NOBODY, LOUD, 1000),
                (RECORDER, SILENCE, 900),
            ],
            [900, 2460],
            id="a turn that was cut off is said again to the recorder",
        ),
    ],
)
def test_turns_start_in_the_silences_of_the_far_end(parts: list[Part], expected: list[int]):
    assert starts_ms(WavCaller(turns(2)), *parts) == expected


def test_speak_at_starts_the_first_turn_whatever_the_agent_does():
    caller = WavCaller(turns(2), speak_at_ms=300)
    heard = [(AGENT, LOUD, 1000), (AGENT, SILENCE, 2000)]
    assert starts_ms(caller, *heard) == [300, 1500]


def test_an_agent_that_stops_because_it_was_interrupted_has_not_answered():
    caller = WavCaller(turns(2, length_ms=1000), speak_at_ms=300)
    heard = [(AGENT, LOUD, 500), (AGENT, SILENCE, 5000)]
    assert starts_ms(caller, *heard) == [300]


def test_an_answer_during_the_silent_end_of_a_turn_counts():
    caller = WavCaller([LOUD * 10 + SILENCE * 100, LOUD * 10])
    heard = [(AGENT, LOUD, 100), (AGENT, SILENCE, 900), (AGENT, LOUD, 300), (AGENT, SILENCE, 5000)]
    assert starts_ms(caller, *heard) == [600, 2800]


def until_hung_up(caller: WavCaller, frames: Iterable[bytes]) -> int:
    now_ms = 0
    for frame in frames:
        if caller.hangs_up:
            break
        caller.exchange(frame, listener=AGENT)
        now_ms += 20
    return now_ms


@pytest.mark.parametrize(
    ("make_caller", "frames", "expected"),
    [
        pytest.param(
            lambda: WavCaller(turns(1)),
            itertools.chain([LOUD] * 50, itertools.repeat(SILENCE)),
            1700 + 60_000,
            id="60 s after the last turn",
        ),
        pytest.param(
            lambda: WavCaller(turns(1)), itertools.repeat(SILENCE), 60_000, id="nobody ever speaks"
        ),
        pytest.param(
            lambda: WavCaller(turns(0), hang_up_at_ms=700),
            itertools.repeat(LOUD),
            700,
            id="at a time of its own",
        ),
    ],
)
def test_a_caller_hangs_up(
    make_caller: Callable[[], WavCaller], frames: Iterable[bytes], expected: int
):
    assert abs(until_hung_up(make_caller(), frames) - expected) <= 20


def test_a_turn_is_said_byte_for_byte():
    spoken = bytes(range(128, 250)) * 10
    caller = WavCaller([spoken], speak_at_ms=0)
    said = b"".join(caller.exchange(SILENCE, listener=AGENT) for _ in range(20))
    assert said == spoken.ljust(20 * 160, b"\xff")


def test_the_scripted_customer_has_words_and_audio():
    script = callers.load_script("customer")
    assert script.from_number.startswith("+1")
    assert all(turn.text and len(turn.audio) > 8000 for turn in script.turns)


def test_an_unknown_script_is_refused_with_the_names_there_are():
    with pytest.raises(UnknownScript, match="customer"):
        callers.load_script("nobody")
