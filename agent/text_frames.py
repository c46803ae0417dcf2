"""A short way for small whole WebSocket messages past a protocol's parser. Pure.

A call has more than 100 messages a second, nearly all of them one unfragmented text frame. Through
the parser of `websockets`, which reads byte by byte from a generator, each costs 20 us and more;
cut here, 3. Everything else is passed on to that parser, frame by frame, and errors are its own.
Source: RFC 6455, 5.2.
"""

from collections.abc import Callable
from functools import lru_cache

from websockets.frames import apply_mask  # type: ignore[attr-defined]  # in C where it can be

WHOLE_TEXT = 0x81
FINAL, MASKED, CONTROL = 0x80, 0x80, 0x08
SIZE, SIZE_IN_2_BYTES, SIZE_IN_8_BYTES = 0x7F, 126, 127
LONGEST_WRITTEN = 0xFFFF
MASK_BYTES = 4
LONGEST_CONTROL = 125  # bytes, as of every frame whose size stands in its second byte


def text_frame(payload: bytes, mask: bytes = b"") -> bytes:
    """A whole text message of at most LONGEST_WRITTEN bytes; clients mask theirs."""
    if mask:
        return b"".join((frame_head(len(payload), MASKED), mask, apply_mask(payload, mask)))
    return frame_head(len(payload)) + payload


@lru_cache  # frames of audio have few lengths
def frame_head(size: int, flag: int = 0) -> bytes:
    """What stands before so many bytes of a whole text message, LONGEST_WRITTEN at most."""
    if size < SIZE_IN_2_BYTES:
        return bytes((WHOLE_TEXT, flag | size))
    return bytes((WHOLE_TEXT, flag | SIZE_IN_2_BYTES, size >> 8, size & 0xFF))


class FrameCutter:
    """Cuts what a socket receives into frames, from the first byte behind the handshake on.

    `take` is offered the payload of each whole text message and says whether it took it; all other
    frames go to `pass_on`, and everything from the first frame on that is too long.
    """

    def __init__(
        self,
        take: Callable[[bytes], bool],
        pass_on: Callable[[bytes], None],
        *,
        is_masked: bool,
        max_bytes: int,
    ) -> None:
        self._take = take
        self._pass_on = pass_on
        self._masked = MASKED if is_masked else 0
        self._max_bytes = max_bytes
        self.pieces = 0  # of what was received, so far
        self._rest = b""  # the beginning of a frame
        self._is_in_pieces = False  # a message of several frames has begun
        self._has_given_up = False
        self._is_between_messages = True
        self._usual_second = self._masked | SIZE_IN_2_BYTES
        self._usual_head = 4 + MASK_BYTES if is_masked else 4

    def feed(self, data: bytes) -> None:
        """Take what was received: nearly always one whole text message, all of it."""
        self.pieces += 1
        head = self._usual_head
        if (
            self._is_between_messages
            and len(data) > LONGEST_CONTROL
            and data[1] == self._usual_second
            and data[0] == WHOLE_TEXT
            and (data[2] << 8 | data[3]) + head == len(data) <= self._max_bytes
        ):
            payload = apply_mask(data[8:], data[4:8]) if self._masked else data[4:]
            if not self._take(payload):
                self._pass_on(data)
            return
        self._cut(data)
        self._is_between_messages = not (self._rest or self._is_in_pieces or self._has_given_up)

    def _cut(self, data: bytes) -> None:
        if self._has_given_up:
            self._pass_on(data)
            return
        if self._rest:
            data, self._rest = self._rest + data, b""
        at, end = 0, len(data)
        while at < end:
            start, stop = _payload_bounds(data, at)
            if stop > end or stop - start > self._max_bytes:
                self._wait_for_more(data, at, is_too_long=stop - start > self._max_bytes)
                return
            is_plain = data[at] == WHOLE_TEXT and data[at + 1] & MASKED == self._masked
            if not (is_plain and not self._is_in_pieces and self._is_taken(data, start, stop)):
                if not data[at] & CONTROL:
                    self._is_in_pieces = not data[at] & FINAL
                self._pass_on(data[at:stop])
            at = stop

    def _is_taken(self, data: bytes, start: int, stop: int) -> bool:
        if self._masked:
            return self._take(apply_mask(data[start:stop], data[start - MASK_BYTES : start]))
        return self._take(data[start:stop])

    def _wait_for_more(self, data: bytes, at: int, *, is_too_long: bool) -> None:
        if is_too_long:
            self._has_given_up = True
            self._pass_on(data[at:])
        else:
            self._rest = data[at:]


def _payload_bounds(data: bytes, at: int) -> tuple[int, int]:
    """Where the payload of the frame at `at` starts and stops, perhaps beyond what is there.

    While its length is not known yet, where the part that tells it stops.
    """
    have = len(data) - at
    if have < 2:
        return at + 2, at + 2
    second = data[at + 1]
    size, start = second & SIZE, at + 2
    if size == SIZE_IN_2_BYTES and have >= 4:
        size, start = data[start] << 8 | data[start + 1], at + 4
    elif size >= SIZE_IN_2_BYTES:
        told = at + (4 if size == SIZE_IN_2_BYTES else 10)
        if told > len(data):
            return told, told
        size, start = int.from_bytes(data[start:told]), told
    if second & MASKED:
        start += MASK_BYTES
    return start, start + size
