"""The time of one call with the Live API, which has no clock but the audio it is sent. Pure.

Without audio from us the model hears no time pass and stays mute. So where the line brings none,
silence stands in; and where the line then brings more than a second a second, its own silence is
left out until the session is no longer behind the call.
"""

from agent.backends.realtime_record import BYTES_PER_MS
from agent.speech.mulaw import SILENCE, VALUES

FRAME_MS = 20
MISSING_AFTER_MS = 500
"""How long a line may bring nothing before silence stands in: an uneven network takes less."""
LOUD = 328  # of 32,768: a peak of -40 dBFS
_QUIET_BYTES = bytes(byte for byte in range(256) if abs(VALUES[byte]) < LOUD)


def is_loud(audio: bytes) -> bool:
    """Whether mu-law has anything in it but silence or faint noise."""
    return bool(audio.translate(None, _QUIET_BYTES))


def silence(ms: int) -> bytes:
    """Silence in mu-law."""
    return bytes([SILENCE]) * ms * BYTES_PER_MS


class LiveClock:
    """Milliseconds of the call: what the line brought, and what stood in for it."""

    def __init__(self) -> None:
        self._line_bytes = 0
        self._stood_in_ms = 0
        self._stand_ins: list[tuple[int, int]] = []  # when each began, and how long it lasted
        self._began_ms = 0  # where the session's own time began
        self._extra_ms = 0  # what the session was given beyond the time that passed

    @property
    def now_ms(self) -> int:
        """The present."""
        return self._line_bytes // BYTES_PER_MS + self._stood_in_ms

    def session_begins(self, *, held_ms: int) -> None:
        """A session begins, and is first given the last `held_ms` of the line, all at once."""
        self._began_ms = self.now_ms - held_ms
        self._extra_ms = held_ms

    def is_ahead(self, ahead_ms: int) -> None:
        """What the line had brought before the session began came all at once."""
        self._extra_ms = max(self._extra_ms, ahead_ms)

    def takes(self, audio: bytes, *, ahead_ms: int) -> bool:
        """Count audio of the line; False for silence that the session does better without.

        `ahead_ms` is how much more audio the session was sent than time has passed.
        """
        self._line_bytes += len(audio)
        if self._extra_ms < FRAME_MS or ahead_ms < FRAME_MS:
            return True
        if is_loud(audio):
            return True
        left_out_ms = len(audio) // BYTES_PER_MS
        self._extra_ms -= left_out_ms
        self._began_ms += left_out_ms
        return False

    def stand_in(self, ms: int) -> None:
        """Count silence that was sent because the line brought nothing."""
        began_ms, length_ms = self.now_ms, ms
        if self._stand_ins and sum(self._stand_ins[-1]) == began_ms:
            began_ms, before_ms = self._stand_ins.pop()
            length_ms += before_ms
        self._stand_ins.append((began_ms, length_ms))
        self._stood_in_ms += ms
        self._extra_ms += ms

    def at(self, session_ms: int) -> int:
        """A moment of the session's time; never in the future."""
        return min(self._began_ms + session_ms, self.now_ms)

    def on_line(self, at_ms: int) -> int:
        """The same moment in the line's own audio."""
        missing = (min(max(at_ms - began, 0), length) for began, length in self._stand_ins)
        return max(at_ms - sum(missing), 0)
