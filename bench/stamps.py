"""Time stamps that ride in the audio, and what they tell: delay, loss, order. Pure.

A frame is 20 ms of mu-law, 160 bytes. Its first 12 say which call it is of, which frame it is and
when it was sent; in base64 they are the first 16 letters, so a payload is read without decoding it.
"""

import binascii
import struct
from array import array

FRAME_MS = 20
FRAME_BYTES = 160
STAMP_CHARS = 16
SEQUENCE_BITS = 20
"""Of the first word; the rest is the call. A million frames are almost six hours."""

_STAMP = struct.Struct(">IQ")
_REST = binascii.b2a_base64(b"\xff" * (FRAME_BYTES - _STAMP.size), newline=False)

BUCKET_NS = 10_000
BUCKETS = 100_000
"""Delays are counted in steps of 10 microseconds up to a second; the last step holds the rest."""


def stamped(call: int, sequence: int, now_ns: int) -> bytes:
    """A payload of 20 ms, base64."""
    stamp = _STAMP.pack(call << SEQUENCE_BITS | sequence, now_ns)
    return binascii.b2a_base64(stamp, newline=False) + _REST


def read_stamp(payload: bytes) -> tuple[int, int, int]:
    """Call, sequence and time of sending, from the first 16 letters of a payload."""
    word, sent_ns = _STAMP.unpack(binascii.a2b_base64(payload[:STAMP_CHARS]))
    return word >> SEQUENCE_BITS, word & (1 << SEQUENCE_BITS) - 1, sent_ns


class Delays:
    """Very many delays in little memory."""

    def __init__(self) -> None:
        self.count = 0
        self._buckets = array("L", bytes(8 * (BUCKETS + 1)))

    def add(self, delay_ns: int) -> None:
        """Count one; a negative one is none."""
        self.count += 1
        self._buckets[min(max(delay_ns, 0) // BUCKET_NS, BUCKETS)] += 1

    def percentile_ms(self, percent: float) -> float | None:
        """The delay that `percent` of all did not exceed, rounded up to 10 microseconds."""
        if not self.count:
            return None
        rank, seen = percent / 100 * self.count, 0
        for bucket, count in enumerate(self._buckets):
            seen += count
            if seen >= rank and count:
                return (bucket + 1) * BUCKET_NS / 1e6
        return None


class Track:
    """The frames of one call in one direction: all there, once and in order."""

    def __init__(self) -> None:
        self.sent = self.received = self.reordered = 0
        self._next = 0

    def take(self, sequence: int) -> None:
        """A frame has come."""
        self.received += 1
        if sequence < self._next:
            self.reordered += 1
        else:
            self._next = sequence + 1

    @property
    def lost(self) -> int:
        """Frames sent that have not come (yet); a frame that came twice counts below zero."""
        return self.sent - self.received
