"""Callers whose call somebody follows as it happens: a browser's microphone, or one of the others.

Pure: time is counted in frames.
"""

from collections.abc import Callable

from telephony.simulator.callers import Caller, Listener
from telephony.simulator.loudness import FRAME_BYTES, FRAME_MS, SILENCE

PRIME_MS = 60
"""So much is collected before a voice goes out: browsers deliver unevenly."""
MAX_WAITING_MS = 400
"""What waits beyond this is old: a browser that was stuck delivers everything at once."""

Hear = Callable[[bytes, bytes], None]
"""Gets the 20 ms that the caller heard and the 20 ms that she said."""


class MicrophoneCaller:
    """Says what a microphone picks up; hangs up when told to, never by herself."""

    hangs_up = False

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._is_primed = False

    def speak(self, audio: bytes) -> None:
        """Take what the microphone has picked up: mu-law of any length."""
        self._waiting += audio
        if len(self._waiting) > MAX_WAITING_MS // FRAME_MS * FRAME_BYTES:
            del self._waiting[: -PRIME_MS // FRAME_MS * FRAME_BYTES]

    def exchange(self, heard: bytes, *, listener: Listener) -> bytes:
        """The next 20 ms of the microphone, silence while too little has come."""
        if len(self._waiting) >= PRIME_MS // FRAME_MS * FRAME_BYTES:
            self._is_primed = True
        if not self._is_primed or len(self._waiting) < FRAME_BYTES:
            self._is_primed = False
            return SILENCE
        frame = bytes(self._waiting[:FRAME_BYTES])
        del self._waiting[:FRAME_BYTES]
        return frame


class OverheardCaller:
    """Another caller, with somebody listening to both sides of the line who can end the call."""

    def __init__(self, caller: Caller, *, hear: Hear) -> None:
        self._caller = caller
        self._hear = hear
        self._is_to_leave = False

    def leave(self) -> None:
        """Put the phone down at the next frame, also of a call that is not answered yet."""
        self._is_to_leave = True

    def exchange(self, heard: bytes, *, listener: Listener) -> bytes:
        """Both sides' next 20 ms."""
        said = self._caller.exchange(heard, listener=listener)
        self._hear(heard, said)
        return said

    @property
    def hangs_up(self) -> bool:
        """The caller wants to, or the listener."""
        return self._is_to_leave or self._caller.hangs_up
