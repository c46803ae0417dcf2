"""Who is speaking: energy of mu-law frames, by table. Pure."""

from enum import Enum

from agent.speech import mulaw

FRAME_MS = 20
FRAME_BYTES = mulaw.FRAME_BYTES
SILENCE = bytes([mulaw.SILENCE]) * FRAME_BYTES
PAUSE_MS = 500
"""A shorter silence belongs to the speech around it."""

_SQUARES = tuple(value * value for value in mulaw.VALUES)
_LOUD = 32768 * 32768 * 10**-5.0  # mean square of -50 dBov


def is_loud(frame: bytes) -> bool:
    """Whether 20 ms of mu-law are louder than -50 dBov: somebody speaks, or a tone sounds."""
    return sum(map(_SQUARES.__getitem__, frame)) > _LOUD * len(frame)


class Change(Enum):
    """What a frame changes about one side of the line."""

    STARTED = "started"
    STOPPED = "stopped"


class SpeechWatch:
    """Watches one side of the line, frame by frame."""

    def __init__(self) -> None:
        self.is_speaking = False
        self.quiet_ms = PAUSE_MS

    def hear(self, frame: bytes) -> Change | None:
        """Take the next 20 ms; says when speech starts and when a pause has lasted 500 ms."""
        if is_loud(frame):
            self.quiet_ms = 0
            if not self.is_speaking:
                self.is_speaking = True
                return Change.STARTED
            return None
        self.quiet_ms += FRAME_MS
        if self.is_speaking and self.quiet_ms >= PAUSE_MS:
            self.is_speaking = False
            return Change.STOPPED
        return None
