"""What the carrier holds of our audio until it has been played to the caller. Pure."""

from collections import deque

from telephony.simulator.loudness import FRAME_BYTES, FRAME_MS, SILENCE


class PlaybackBuffer:
    """The playback queue of a bidirectional stream.

    `tick` is called once per 20 ms. Whatever returns marks returns them in the order sent.
    """

    def __init__(self) -> None:
        self._audio = bytearray()
        self._marks: deque[tuple[int, str]] = deque()
        self._played_bytes = 0

    @property
    def is_empty(self) -> bool:
        """Nothing is left to play and no mark is outstanding."""
        return not self._audio and not self._marks

    @property
    def waiting_ms(self) -> int:
        """Length of what has not been played yet."""
        return len(self._audio) * FRAME_MS // FRAME_BYTES

    def enqueue(self, audio: bytes) -> None:
        """Play `audio` after everything that was sent before it."""
        self._audio += audio

    def mark(self, name: str) -> list[str]:
        """Return `name` once everything before it has been played; at once when nothing waits."""
        if self.is_empty:
            return [name]
        self._marks.append((self._played_bytes + len(self._audio), name))
        return []

    def clear(self) -> list[str]:
        """Drop all audio; every outstanding mark comes back."""
        self._played_bytes += len(self._audio)
        self._audio.clear()
        return self._due_marks()

    def tick(self) -> tuple[bytes, list[str]]:
        """The next 20 ms for the caller, and the marks that the frames before have played up to."""
        due = self._due_marks()
        frame = bytes(self._audio[:FRAME_BYTES])
        del self._audio[:FRAME_BYTES]
        self._played_bytes += len(frame)
        return frame.ljust(FRAME_BYTES, SILENCE[:1]), due

    def _due_marks(self) -> list[str]:
        due = []
        while self._marks and self._marks[0][0] <= self._played_bytes:
            due.append(self._marks.popleft()[1])
        return due
