"""What a task waits for until somebody sets it. Pure.

Like `asyncio.Event`, which keeps room for a crowd: 0.7 KiB, and a call has seven of them.
"""

import asyncio


class Wake:
    """Not set at first; belongs to one event loop."""

    __slots__ = ("_is_set", "_waiters")

    def __init__(self) -> None:
        self._is_set = False
        self._waiters: tuple[asyncio.Future[None], ...] = ()

    def set(self) -> None:
        """Let whoever waits go on, and nobody wait from now on."""
        self._is_set = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    @property
    def is_set(self) -> bool:
        """Whether nobody has to wait."""
        return self._is_set

    def clear(self) -> None:
        """Let whoever comes now wait."""
        self._is_set = False

    async def wait(self) -> None:
        """Wait until it is set, even if it is cleared at once."""
        if self._is_set:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters += (waiter,)
        try:
            await waiter
        finally:
            self._waiters = tuple(each for each in self._waiters if each is not waiter)
