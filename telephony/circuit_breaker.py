"""Stops asking what has failed several times in a row, and tries again now and then."""

import threading
from collections.abc import Callable
from enum import Enum


class State(Enum):
    """Closed: everything is asked. Open: nothing is. Half open: one asks, the others wait."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


class CircuitBreaker:
    """After `failures` in a row nothing is asked for `rest_s`; then one probe decides.

    A probe that never reports, because its request was given up, counts as failed after another
    `rest_s`. `clock` gives seconds that only grow.
    """

    def __init__(self, *, failures: int, rest_s: float, clock: Callable[[], float]) -> None:
        self._limit = failures
        self._rest_s = rest_s
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._asks_again_at = 0.0
        self._state = State.CLOSED

    @property
    def state(self) -> State:
        """Where it stands; it opens and half opens only when somebody asks or reports."""
        return self._state

    def allows(self) -> bool:
        """Whether to ask now; a True in the half open state is the probe."""
        with self._lock:
            if self._state is State.CLOSED:
                return True
            if self._clock() < self._asks_again_at:
                return False
            self._state = State.HALF_OPEN
            self._asks_again_at = self._clock() + self._rest_s
            return True

    def succeeded(self) -> None:
        """An answer came."""
        with self._lock:
            self._failures = 0
            self._state = State.CLOSED

    def failed(self) -> bool:
        """No answer came; whether that opened the circuit."""
        with self._lock:
            self._failures += 1
            if self._state is State.CLOSED and self._failures < self._limit:
                return False
            was_closed = self._state is State.CLOSED
            self._state = State.OPEN
            self._asks_again_at = self._clock() + self._rest_s
            return was_closed
