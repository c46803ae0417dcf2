"""One answer at a time: which responses of the Realtime API we ask for, and when. Pure.

The server begins answers by itself when the caller falls silent, and refuses a second one while
one is being made. So a request waits for its turn; at most one waits, the weightiest.
"""

from dataclasses import dataclass
from enum import IntEnum


class Purpose(IntEnum):
    """What an answer is for; the weightier one wins when two wait."""

    TURN = 0  # begun by the server after the caller's turn
    GO_ON = 1  # after a tool's result, or once more after a failure
    RESUME = 2  # where a lost connection broke off
    ASK = 3
    GREETING = 4
    FAREWELL = 5
    WRAP_UP = 6

    @property
    def label(self) -> str:
        """The name it goes by in a response's metadata."""
        return self.name.lower()

    @classmethod
    def of(cls, metadata: dict[str, str] | None) -> "Purpose":
        """The purpose that a response carries; TURN without one."""
        label = (metadata or {}).get("purpose", "")
        return next((each for each in cls if each.label == label), cls.TURN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Active:
    """The answer being made."""

    response_id: str
    purpose: Purpose


class ResponseSequencer:
    """Never two answers at once. Methods return the purpose to ask for now, if any."""

    def __init__(self) -> None:
        self.active: Active | None = None
        self._asked: Purpose | None = None  # sent, and not yet begun or refused
        self._waiting: Purpose | None = None
        self._over: set[str] = set()

    def owed(self, *, caller_waits: bool) -> Purpose | None:
        """What another session is to say when this one is lost; who waits is answered first."""
        active = self.active.purpose if self.active else None
        wanted = {active, self._asked, self._waiting}
        if Purpose.FAREWELL in wanted and not caller_waits:
            return Purpose.FAREWELL
        return Purpose.RESUME if caller_waits or wanted != {None} else None

    def request(self, purpose: Purpose) -> Purpose | None:
        """Want an answer: now, or as soon as the present one is over."""
        self._waiting = max(purpose, self._waiting or purpose)
        return self._next()

    def created(self, response_id: str, metadata: dict[str, str] | None) -> bool:
        """An answer begins, ours or one of the server's own; False when it was over already."""
        if response_id in self._over or self.is_active(response_id):
            return False
        purpose = Purpose.of(metadata)
        if purpose is self._asked:
            self._asked = None
        self.active = Active(response_id=response_id, purpose=purpose)
        return True

    def is_active(self, response_id: str) -> bool:
        """Whether this is the answer being made."""
        return self.active is not None and self.active.response_id == response_id

    def done(self, response_id: str) -> Purpose | None:
        """An answer is over, whatever became of it."""
        self._over.add(response_id)
        if self.is_active(response_id):
            self.active = None
        return self._next()

    def refused_as_busy(self, *, is_farewell_over: bool = False) -> Purpose | None:
        """Our request came while the server had begun an answer: it waits again, if still wanted.

        A farewell is not wanted any more when the caller has answered what it was asked for.
        """
        if self._asked is None:
            return None
        asked, self._asked = self._asked, None
        if not (is_farewell_over and asked is Purpose.FAREWELL):
            self._waiting = max(asked, self._waiting or asked)
        return self._next()

    def drop_waiting(self) -> None:
        """What waited is not wanted any more."""
        self._waiting = None

    def _next(self) -> Purpose | None:
        if self.active is not None or self._asked is not None or self._waiting is None:
            return None
        self._asked, self._waiting = self._waiting, None
        return self._asked
