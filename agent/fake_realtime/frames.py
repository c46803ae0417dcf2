"""What a session of the stand-in gives to its socket. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from typing import Any


@dataclass(frozen=True, slots=True)
class Close:
    """Close the socket with this code."""

    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Abort:
    """Drop the connection without a word."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Text that is no event."""

    text: str


Frame = dict[str, Any] | Close | Abort | Raw


class Timeline:
    """What is to happen later, in order; its clock is set by whoever drives it."""

    def __init__(self) -> None:
        self.now_ms = 0.0
        self.lag_ms = 0.0
        self._order = count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []

    @property
    def next_ms(self) -> float | None:
        """When something is due next."""
        return self._due[0][0] if self._due else None

    def after(self, ms: float, action: Callable[[], None]) -> None:
        """Do this so much later."""
        heappush(self._due, (self.now_ms + ms + self.lag_ms, next(self._order), action))

    def advance(self, now_ms: float) -> None:
        """Do everything that is due by now, each at its own time."""
        while self._due and self._due[0][0] <= now_ms:
            due_ms, _, action = heappop(self._due)
            self.now_ms = max(self.now_ms, due_ms)
            action()
        self.now_ms = max(self.now_ms, now_ms)

    def clear(self) -> None:
        """Nothing happens any more."""
        self._due.clear()
