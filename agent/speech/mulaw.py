"""G.711 mu-law at 8 kHz, the audio of telephone lines.

The tables are our own because Python 3.13 no longer ships `audioop`. Encoding picks the
nearest of the 255 values that mu-law can hold.
"""

import sys
from array import array
from functools import cache
from itertools import pairwise

SAMPLE_RATE_HZ = 8000
BYTES_PER_MS = 8
FRAME_MS = 20
FRAME_BYTES = 160
SILENCE = 0xFF
"""The byte for zero; 0x7F decodes to zero as well but is never written."""


def _expand(byte: int) -> int:
    inverted = byte ^ 0xFF
    magnitude = (((inverted & 0x0F) << 3) + 0x84) << (inverted >> 4 & 0x07)
    return 0x84 - magnitude if inverted & 0x80 else magnitude - 0x84


VALUES = tuple(_expand(byte) for byte in range(256))
"""What each byte stands for, between -32124 and 32124."""

_LOW_BYTES = bytes(value & 0xFF for value in VALUES)
_HIGH_BYTES = bytes(value >> 8 & 0xFF for value in VALUES)


@cache
def _nearest() -> bytes:
    """The byte nearest to each 16-bit sample: 0 to 32767, then -32768 to -1.

    In this order a negative sample finds its place as Python's index from the end.
    """
    levels = sorted((VALUES[byte], byte) for byte in range(256) if byte != 0x7F)
    runs, start = [], -32768
    for (value, byte), (following, _) in pairwise(levels):
        stop = (value + following) // 2 + 1
        runs.append(bytes([byte]) * (stop - start))
        start = stop
    runs.append(bytes([levels[-1][1]]) * (32768 - start))
    table = b"".join(runs)
    return table[32768:] + table[:32768]


def encode(samples: "array[int]") -> bytes:
    """Mu-law of 16-bit samples, an `array("h")`."""
    return bytes(map(_nearest().__getitem__, samples))


def decode(data: bytes) -> "array[int]":
    """The 16-bit samples of mu-law bytes, as an `array("h")`."""
    little_endian = bytearray(2 * len(data))
    little_endian[0::2] = data.translate(_LOW_BYTES)
    little_endian[1::2] = data.translate(_HIGH_BYTES)
    samples = array("h", bytes(little_endian))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples
