"""Where turns begin and end, on made-up sounds and on recorded human speech."""

import math
import random
from array import array
from collections.abc import Callable

import pytest

from agent.speech import mulaw
from agent.speech.endpointer import Ended, Endpointer, Started
from tests.agent import recorded_speech
from tests.agent.recorded_speech import frames, needs_recordings

SILENCE = bytes([mulaw.SILENCE])


def silence(ms: int) -> bytes:
    return SILENCE * ms * mulaw.BYTES_PER_MS


def voice(ms: int, *, dbfs: float = -24.0) -> bytes:
    """A buzz of 150 Hz that swells and fades four times a second, as syllables do."""
    peak = 32_768 * 10 ** (dbfs / 20) * 2
    swells = (math.sin(math.pi * at / 2000) ** 2 for at in range(ms * mulaw.BYTES_PER_MS))
    buzz = (((at * 150 / 8000) % 1 - 0.5) * peak * (0.3 + swell) for at, swell in enumerate(swells))
    return mulaw.encode(array("h", [round(sample) for sample in buzz]))


def noise(ms: int, *, dbfs: float) -> bytes:
    dice, scale = random.Random(2), 32_768 * 10 ** (dbfs / 20)
    return mulaw.encode(array("h", [round(dice.gauss(0, scale)) for _ in range(ms * 8)]))


def turns(audio: bytes, *, hangover_ms: int = 700) -> list[tuple[int, int]]:
    endpointer = Endpointer(hangover_ms=hangover_ms)
    events = [endpointer.feed(frame) for frame in frames(audio)]
    return [(event.start_ms, event.end_ms) for event in events if isinstance(event, Ended)]


def test_one_turn_is_found_with_its_ends() -> None:
    [(start_ms, end_ms)] = turns(silence(1000) + voice(2000) + silence(1000))
    assert 750 <= start_ms <= 1000
    assert 3000 <= end_ms <= 3100


def test_the_start_is_told_before_the_end() -> None:
    endpointer = Endpointer(hangover_ms=700)
    events = [endpointer.feed(frame) for frame in frames(silence(500) + voice(900) + silence(900))]
    started, ended = [event for event in events if event]
    assert isinstance(started, Started)
    assert isinstance(ended, Ended)
    assert started.at_ms == ended.start_ms


@pytest.mark.parametrize(
    ("pause_ms", "hangover_ms", "expected"),
    [(500, 700, 1), (1100, 700, 2), (1100, 1500, 1), (1900, 1500, 2)],
)
def test_a_pause_longer_than_the_hangover_ends_the_turn(
    pause_ms: int, hangover_ms: int, expected: int
) -> None:
    audio = silence(600) + voice(900) + silence(pause_ms) + voice(900) + silence(2000)
    assert len(turns(audio, hangover_ms=hangover_ms)) == expected


def click() -> bytes:
    return mulaw.encode(array("h", [9000] * 200)) + silence(975)


# Made when they are asked for: whoever only collects does not wait for them.
@pytest.mark.parametrize(
    "audio",
    [
        pytest.param(lambda: silence(20_000), id="digital silence"),
        pytest.param(lambda: noise(20_000, dbfs=-34), id="steady noise"),
        pytest.param(lambda: click() * 20, id="clicks"),
        pytest.param(lambda: silence(1000) + voice(60) + silence(2000), id="too short"),
        pytest.param(lambda: silence(1000) + voice(2000, dbfs=-66) + silence(2000), id="too soft"),
        pytest.param(lambda: silence(500) + b"\x7f" * 16_000 + silence(500), id="the other zero"),
    ],
)
def test_what_is_no_voice_starts_no_turn(audio: Callable[[], bytes]) -> None:
    endpointer = Endpointer(hangover_ms=700)
    assert not any(endpointer.feed(frame) for frame in frames(audio()))


def test_while_the_agent_speaks_a_short_sound_is_ignored() -> None:
    endpointer = Endpointer(hangover_ms=700)
    endpointer.guarded = True
    assert not any(endpointer.feed(frame) for frame in frames(silence(1000) + voice(240)))


def test_while_the_agent_speaks_an_echo_is_ignored() -> None:
    endpointer = Endpointer(hangover_ms=700)
    endpointer.guarded = True
    assert not any(endpointer.feed(frame) for frame in frames(voice(4000, dbfs=-50)))


def test_while_the_agent_speaks_300_ms_of_voice_interrupt_it() -> None:
    endpointer = Endpointer(hangover_ms=700)
    endpointer.guarded = True
    for frame in frames(silence(1000) + voice(600)):
        if endpointer.feed(frame):
            break
    assert 1300 <= endpointer.clock_ms <= 1420


def test_an_echo_does_not_hide_the_soft_voice_after_it() -> None:
    endpointer = Endpointer(hangover_ms=700)
    endpointer.guarded = True
    for frame in frames(silence(600) + noise(6000, dbfs=-45)):
        endpointer.feed(frame)
    endpointer.guarded = False
    events = [endpointer.feed(frame) for frame in frames(silence(300) + voice(600, dbfs=-44))]
    assert any(isinstance(event, Started) for event in events)


def test_a_turn_can_be_cut() -> None:
    endpointer = Endpointer(hangover_ms=700)
    assert endpointer.cut() is None
    for frame in frames(silence(400) + voice(1000)):
        endpointer.feed(frame)
    turn = endpointer.cut()
    assert turn is not None
    assert turn.end_ms == 1400
    assert endpointer.turn_ms is None


@pytest.mark.parametrize("length", [0, 159, 161, 320])
def test_a_frame_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="160 bytes"):
        Endpointer(hangover_ms=700).feed(SILENCE * length)


def missed_and_split(line: recorded_speech.Line, hangover_ms: int = 700) -> tuple[int, int]:
    found = turns(line.audio, hangover_ms=hangover_ms)
    hits = [
        sum(start < spoken_end and end > spoken_start for start, end in found)
        for spoken_start, spoken_end in line.spoken_ms
    ]
    return hits.count(0), sum(count - 1 for count in hits if count)


@pytest.mark.M11
@needs_recordings
def test_human_speech_on_a_clean_line_is_never_missed_split_or_joined() -> None:
    line = recorded_speech.line(recorded_speech.NAMES)
    assert missed_and_split(line) == (0, 0)
    assert len(turns(line.audio)) == len(line.spoken_ms)


@pytest.mark.M11
@needs_recordings
def test_turns_of_human_speech_hold_the_whole_speech() -> None:
    line = recorded_speech.line(recorded_speech.NAMES)
    found = zip(turns(line.audio), line.spoken_ms, strict=True)
    for (start_ms, end_ms), (spoken_start_ms, spoken_end_ms) in found:
        assert -300 < start_ms - spoken_start_ms < 0
        assert -100 < end_ms - spoken_end_ms < 250


@pytest.mark.M11
@needs_recordings
@pytest.mark.parametrize(
    ("colour", "snr_db", "most_split"),
    [
        pytest.param("white", 15, 0, marks=pytest.mark.check),
        pytest.param("pink", 15, 0, marks=pytest.mark.check),
        pytest.param("white", 10, 2, marks=pytest.mark.check),
        ("pink", 10, 2),
    ],
)
def test_human_speech_is_found_in_noise(colour: str, snr_db: int, most_split: int) -> None:
    noise_dbfs = recorded_speech.SPEECH_DBFS - snr_db
    line = recorded_speech.line(recorded_speech.NAMES, noise_dbfs=noise_dbfs, colour=colour)
    missed, split = missed_and_split(line)
    assert missed == 0
    assert split <= most_split


@pytest.mark.M11
@needs_recordings
def test_a_message_may_hold_pauses_of_more_than_a_second() -> None:
    pause = array("h", bytes(2 * 8 * 1000))
    spoken = [recorded_speech.speech(name) + pause for name in recorded_speech.NAMES[:10]]
    audio = silence(600) + b"".join(map(mulaw.encode, spoken)) + silence(2000)
    assert len(turns(audio, hangover_ms=1500)) == 1
