"""A socket on which one of OpenAI's servers tells a call's events.

Its CLOSE often goes without an answer, so closing is bounded.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Generic, Self, TypeVar

from websockets.exceptions import InvalidURI
from yarl import URL

from agent.backends.realtime_failures import FATAL_STATUSES, PROTOCOL_REJECTED
from agent.backends.realtime_wire import HandshakeRefused, RealtimeWire
from agent.errors import RealtimeProtocolError, SessionLost, SessionRefused
from agent.wake import Wake

CLOSE_SECONDS = 0.3
MAX_WAITING_EVENTS = 5_000
"""Of a server that sends before anybody follows it."""
USER_AGENT = "Aloha/0.1"
SOCKET_SCHEMES = {"http": "ws", "https": "wss"}

E = TypeVar("E")
R = TypeVar("R")


class EventSocket(Generic[E]):
    """One open socket; whoever opens it closes it. `wire` takes frames without waiting.

    `read` makes an event of a message, or raises RealtimeProtocolError; one that cannot be read is
    counted, and more than `max_unreadable` of them lose the session.
    """

    def __init__(
        self, read: Callable[[bytes | None], E], *, max_unreadable: int | None = None
    ) -> None:
        self.wire: RealtimeWire
        self.unreadable = 0
        self._read = read
        self._max_unreadable = max_unreadable
        self._take: Callable[[E], None] | None = None
        self._waiting: list[E] = []  # until somebody follows
        self._has_news = Wake()
        self._error: Exception | None = None

    async def connect(self, url: URL, *, api_key: str) -> Self:
        """Open the socket. Raises SessionLost."""
        try:
            self.wire = await RealtimeWire.open(
                str(url.with_scheme(SOCKET_SCHEMES.get(url.scheme, url.scheme))),
                {"Authorization": f"Bearer {api_key}", "User-Agent": USER_AGENT},
                take=self._arrived,
                ended=self._ended,
            )
        except HandshakeRefused as error:
            refused = SessionRefused if error.status in FATAL_STATUSES else SessionLost
            raise refused(f"http_{error.status}" if error.status else "unreachable") from error
        except (OSError, InvalidURI) as error:
            raise SessionLost("unreachable") from error
        return self

    @asynccontextmanager
    async def closed_if_refused(self) -> AsyncIterator[None]:
        """Close the socket when what is done in the block fails."""
        try:
            yield
        except BaseException:
            await asyncio.shield(self.close())
            raise

    async def send(self, frame: bytes) -> None:
        """Send one frame; waits while the server does not read. Raises SessionLost."""
        if not self.wire.write(frame):
            raise SessionLost("closed")
        await self.wire.drained()

    async def next_event(self) -> E:
        """The next event, while nobody follows. Raises SessionLost."""
        while not self._waiting:
            if self._error is not None:
                raise self._error
            self._has_news.clear()
            await self._has_news.wait()
        return self._waiting.pop(0)

    async def wait_for(self, find: Callable[[E], R | None]) -> R:
        """What `find` finds in the first event that has it, while nobody follows.

        Raises SessionLost, and what `find` raises.
        """
        found = None
        while found is None:
            found = find(await self.next_event())
        return found

    async def follow(self, take: Callable[[E], None]) -> None:
        """Give everything the server sends to `take` as it comes.

        Raises SessionLost once the server is gone, and what `take` raises.
        """
        while self._waiting:
            take(self._waiting.pop(0))
        self._take = take
        while self._error is None:
            self._has_news.clear()
            await self._has_news.wait()
        raise self._error

    def lose(self, error: Exception) -> None:
        """End whoever follows with this."""
        if self._error is None:
            self._error = error
            self._has_news.set()

    async def close(self) -> None:
        """Say goodbye, wait briefly, and go."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.wire.close()
        except TimeoutError:
            pass  # it is dropped below
        finally:
            self.wire.drop()
            if self._error is not None:
                self._error.__traceback__ = None  # it refers back to this

    def _arrived(self, message: bytes | None) -> bool:
        if self._error is not None:
            return True
        try:
            event = self._read(message)
        except RealtimeProtocolError:
            self._count_unreadable()
            return True
        if self._take is not None:
            try:
                self._take(event)
            except Exception as error:
                # It ends whoever follows, not the callback of the loop.
                self.lose(error)
        elif len(self._waiting) < MAX_WAITING_EVENTS:
            self._waiting.append(event)
            self._has_news.set()
        return True

    def _count_unreadable(self) -> None:
        self.unreadable += 1
        if self._max_unreadable is not None and self.unreadable > self._max_unreadable:
            self.lose(SessionLost("protocol"))

    def _ended(self, code: int) -> None:
        refused = code == PROTOCOL_REJECTED
        self.lose(SessionRefused("protocol_rejected") if refused else SessionLost(f"closed_{code}"))
