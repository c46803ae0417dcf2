"""Two voices on one clock: puts caller and agent audio where they were heard. Pure.

The clock is the carrier's: milliseconds of the stream, 8 bytes of mu-law each. Caller audio
says where it belongs. Agent audio is played as soon as what was sent before it has been played.
"""

from agent.speech.mulaw import BYTES_PER_MS, SILENCE


class Mixdown:
    """Turns audio in the order it was sent into two aligned channels.

    `now_ms` is the end of the caller's latest audio: the clock of both.
    """

    def __init__(self) -> None:
        self.now_ms = 0
        self._settled = 0  # bytes already handed out, of each channel
        self._caller = bytearray()
        self._agent = bytearray()
        self._agent_end = 0  # byte position where the next agent audio would be played

    def caller(self, timestamp_ms: int, audio: bytes) -> None:
        """A frame of the caller from `timestamp_ms` on; lost if older than handed-out audio."""
        self.now_ms = timestamp_ms + len(audio) // BYTES_PER_MS
        position = timestamp_ms * BYTES_PER_MS - self._settled
        if position == len(self._caller):  # nearly always
            self._caller += audio
        else:
            _place(self._caller, position, audio)

    def agent(self, audio: bytes) -> None:
        """Agent audio just sent: played now, or after what is still being played."""
        start = max(self.now_ms * BYTES_PER_MS, self._agent_end, self._settled)
        position = start - self._settled
        if position == len(self._agent):  # nearly always
            self._agent += audio
        else:
            _place(self._agent, position, audio)
        self._agent_end = start + len(audio)

    def clear(self) -> None:
        """The carrier was told to stop: agent audio not played by now never will be."""
        position = max(self.now_ms * BYTES_PER_MS, self._settled)
        del self._agent[position - self._settled :]
        self._agent_end = min(self._agent_end, position)

    def settle(self) -> tuple[bytes, bytes]:
        """Hand out caller and agent audio up to now, equally long, gaps silent."""
        size = self.now_ms * BYTES_PER_MS - self._settled
        if size <= 0:
            return b"", b""
        self._settled += size
        return _take(self._caller, size), _take(self._agent, size)


def _place(channel: bytearray, position: int, audio: bytes) -> None:
    if position < 0:
        audio = audio[-position:]
        position = 0
    if len(channel) < position:
        channel.extend(bytes((SILENCE,)) * (position - len(channel)))
    channel[position : position + len(audio)] = audio


def _take(channel: bytearray, size: int) -> bytes:
    taken = bytes(channel[:size])
    del channel[:size]
    return taken + bytes((SILENCE,)) * (size - len(taken))
