"""One clock for all conversations of a process: each is called ten times a second.

A timer and a task for each of them cost more than what is done when it goes off. They take turns
within the tenth of a second, so that no frame waits until all of them have been called.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

TICK_SECONDS = 0.1
TURNS = 10


class Pulse:
    """The clock of one event loop; it stands still while nobody listens."""

    def __init__(self) -> None:
        self._turns: list[list[Callable[[], None]]] = [[] for _ in range(TURNS)]
        self._turn = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_still(self) -> bool:
        """Whether the clock stands."""
        return self._timer is None

    @contextmanager
    def calling(self, tick: Callable[[], None]) -> Iterator[None]:
        """Call `tick`, which must not raise, every TICK_SECONDS."""
        turn = min(self._turns, key=len)
        turn.append(tick)
        if self.is_still:
            self._wait()
        try:
            yield
        finally:
            turn.remove(tick)

    def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(TICK_SECONDS / TURNS, self._beat)

    def _beat(self) -> None:
        if not any(self._turns):
            self._timer = None
            return
        self._wait()
        self._turn = (self._turn + 1) % TURNS
        for tick in self._turns[self._turn].copy():
            tick()


_pulses: WeakKeyDictionary[asyncio.AbstractEventLoop, Pulse] = WeakKeyDictionary()


def pulse() -> Pulse:
    """The running event loop's."""
    return _pulses.setdefault(asyncio.get_running_loop(), Pulse())
