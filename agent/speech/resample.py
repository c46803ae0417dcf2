"""Changing the sample rate of speech, with the standard library alone.

A polyphase windowed sinc: each output sample is the sum of the input around it, weighted by a
low-pass filter that ends below half of the lower rate, so nothing above folds back into the
voice. With 8 kHz as the lower rate it is flat to 3.4 kHz and 60 dB down from 4.3 kHz.
"""

import math
from array import array
from operator import mul

ZERO_CROSSINGS = 16
"""Lobes of the sinc on each side: more is steeper and slower."""

_CUTOFF = 0.95
"""Middle of the transition band, as a fraction of half the lower rate."""

_KAISER_BETA = 5.65
"""60 dB of stop band, by Kaiser's formula."""


def resample(samples: "array[int]", *, from_hz: int, to_hz: int) -> "array[int]":
    """16-bit samples at `to_hz`; as long as before, rounded up to a whole sample."""
    if from_hz == to_hz:
        return array("h", samples)
    common = math.gcd(from_hz, to_hz)
    up, down = to_hz // common, from_hz // common
    half = math.ceil(ZERO_CROSSINGS * max(1.0, from_hz / to_hz))
    filters = [_filter(phase / up, half, from_hz, to_hz) for phase in range(up)]
    padded = [0.0] * half + [float(sample) for sample in samples] + [0.0] * half
    width = 2 * half
    resampled = array("h")
    for index in range(-(-len(samples) * up // down)):
        start, phase = divmod(index * down, up)
        value = round(sum(map(mul, filters[phase], padded[start : start + width])))
        resampled.append(max(-32768, min(32767, value)))
    return resampled


def _filter(offset: float, half: int, from_hz: int, to_hz: int) -> list[float]:
    """Weights of the 2 * `half` samples around a point `offset` samples after the middle one."""
    band = _CUTOFF * min(1.0, to_hz / from_hz)
    distances = [position - half - offset for position in range(2 * half)]
    weights = [_sinc(band * distance) * _kaiser(distance / half) for distance in distances]
    total = sum(weights)
    return [weight / total for weight in weights]


def _sinc(x: float) -> float:
    return math.sin(math.pi * x) / (math.pi * x) if x else 1.0


def _kaiser(x: float) -> float:
    """Kaiser's window, 1 in the middle and nearly 0 at -1 and 1."""
    return _bessel_i0(_KAISER_BETA * math.sqrt(max(0.0, 1 - x * x))) / _bessel_i0(_KAISER_BETA)


def _bessel_i0(x: float) -> float:
    """The modified Bessel function of order zero, by its power series."""
    term = total = 1.0
    for order in range(1, 25):
        term *= (x / (2 * order)) ** 2
        total += term
    return total
