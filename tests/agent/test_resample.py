"""Resampling keeps the voice and lets nothing fold into it."""

import math
import time
from array import array

import pytest

from agent.speech.resample import resample


def tone(hz: int, *, rate_hz: int, seconds: float = 0.5) -> "array[int]":
    turn = 2 * math.pi * hz / rate_hz
    return array("h", [round(10_000 * math.sin(turn * at)) for at in range(int(rate_hz * seconds))])


def gain_db(hz: int, *, from_hz: int) -> float:
    heard = resample(tone(hz, rate_hz=from_hz), from_hz=from_hz, to_hz=8000)[200:-200]
    rms = math.sqrt(sum(sample * sample for sample in heard) / len(heard))
    return 20 * math.log10(max(rms, 1e-3) / (10_000 / math.sqrt(2)))


@pytest.mark.parametrize("from_hz", [16_000, 24_000, 44_100, 48_000])
def test_a_tone_above_the_telephone_band_does_not_alias(from_hz: int) -> None:
    assert gain_db(5000, from_hz=from_hz) < -40


@pytest.mark.parametrize("from_hz", [11_025, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("hz", [300, 1000, 3300])
def test_the_telephone_band_passes_unchanged(hz: int, from_hz: int) -> None:
    assert gain_db(hz, from_hz=from_hz) == pytest.approx(0, abs=0.2)


@pytest.mark.parametrize(
    ("count", "from_hz", "expected"),
    [(0, 48_000, 0), (1, 48_000, 1), (48_000, 48_000, 8000), (44_100, 44_100, 8000), (7, 8000, 7)],
)
def test_the_length_stays_the_same_in_time(count: int, from_hz: int, expected: int) -> None:
    assert len(resample(array("h", [5] * count), from_hz=from_hz, to_hz=8000)) == expected


def test_speech_can_be_brought_to_a_higher_rate() -> None:
    heard = resample(tone(1000, rate_hz=8000), from_hz=8000, to_hz=16_000)
    expected = tone(1000, rate_hz=16_000)
    differences = [abs(a - b) for a, b in zip(heard[200:-200], expected[200:-200], strict=True)]
    assert max(differences) < 100


def test_full_scale_is_clipped_not_wrapped() -> None:
    square = array("h", ([32_767] * 24 + [-32_768] * 24) * 100)
    heard = resample(square, from_hz=48_000, to_hz=8000)
    assert max(heard) == 32_767
    assert min(heard) == -32_768


def test_five_seconds_take_well_under_one() -> None:
    samples = tone(440, rate_hz=48_000, seconds=5)
    began = time.process_time()
    resample(samples, from_hz=48_000, to_hz=8000)
    assert time.process_time() - began < 1
