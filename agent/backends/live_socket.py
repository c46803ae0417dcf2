"""The socket to a server that speaks OpenAI's Live API.

Connected means that the session has started, not that the socket is open. Our CLOSE may go without
an answer, so closing is bounded. What cannot be read is counted, and ends nothing.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Self

from websockets.exceptions import InvalidURI
from yarl import URL

from agent.backends.live_commands import LINE_FORMAT, LINE_RATE_HZ
from agent.backends.live_events import (
    ErrorOccurred,
    Event,
    Format,
    Session,
    SessionClosed,
    SessionStarted,
    read_event,
)
from agent.backends.realtime_events import Ignored
from agent.backends.realtime_failures import (
    FATAL_STATUSES,
    PROTOCOL_REJECTED,
    Severity,
    name_of,
    severity_of,
)
from agent.backends.realtime_socket import SOCKET_SCHEMES, USER_AGENT
from agent.backends.realtime_wire import HandshakeRefused, RealtimeWire
from agent.errors import RealtimeProtocolError, SessionLost, SessionRefused
from agent.wake import Wake

CLOSE_SECONDS = 0.3
MAX_WAITING_EVENTS = 5_000
"""Of a server that sends before anybody follows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAddress:
    """Where the server is, and who we are; the model is named in the session."""

    url: str
    api_key: str


class LiveSocket:
    """One open socket; whoever opens it closes it."""

    def __init__(self) -> None:
        self._wire: RealtimeWire
        self._take: Callable[[Event | Ignored], None] | None = None
        self._waiting: list[Event | Ignored] = []  # until somebody follows
        self._has_news = Wake()
        self._error: Exception | None = None
        self.unreadable = 0

    @classmethod
    async def open(cls, address: LiveAddress) -> Self:
        """Connect. Raises SessionLost."""
        socket = cls()
        url = URL(address.url)
        try:
            socket._wire = await RealtimeWire.open(
                str(url.with_scheme(SOCKET_SCHEMES.get(url.scheme, url.scheme))),
                {"Authorization": f"Bearer {address.api_key}", "User-Agent": USER_AGENT},
                take=socket._arrived,
                ended=socket._ended,
            )
        except HandshakeRefused as error:
            refused = SessionRefused if error.status in FATAL_STATUSES else SessionLost
            raise refused(f"http_{error.status}" if error.status else "unreachable") from error
        except (OSError, InvalidURI) as error:
            raise SessionLost("unreachable") from error
        return socket

    async def start(self, configuration: Iterable[str]) -> Session:
        """Send our configuration and wait until the session has started. Raises SessionLost."""
        for frame in configuration:
            await self.send(frame)
        while True:
            event = await self._next_event()
            if isinstance(event, ErrorOccurred):
                is_fatal = severity_of(event.detail) is Severity.FATAL
                raise (SessionRefused if is_fatal else SessionLost)(name_of(event.detail))
            if isinstance(event, SessionClosed):
                raise SessionLost(f"session_{event.reason[:40]}")
            if isinstance(event, SessionStarted):
                _check_format(event.session)
                return event.session

    async def send(self, frame: str) -> None:
        """Send one frame; waits while the server does not read. Raises SessionLost."""
        self.send_at_once(frame)
        await self._wire.drained()

    def send_at_once(self, frame: str) -> bool:
        """Send one frame without waiting; False when the server does not read as fast as we send.

        Raises SessionLost. The frame is sent either way.
        """
        if not self._wire.write(frame):
            raise SessionLost("closed")
        return not self._wire.is_congested

    async def follow(self, take: Callable[[Event | Ignored], None]) -> None:
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
                await self._wire.close()
        except TimeoutError:
            pass  # it is dropped below
        finally:
            self._wire.drop()

    async def _next_event(self) -> Event | Ignored:
        while not self._waiting:
            if self._error is not None:
                raise self._error
            self._has_news.clear()
            await self._has_news.wait()
        return self._waiting.pop(0)

    def _arrived(self, message: bytes | None) -> None:
        if self._error is not None:
            return
        try:
            event = read_event(message)
        except RealtimeProtocolError:
            self.unreadable += 1
            return
        if self._take is not None:
            try:
                self._take(event)
            except Exception as error:
                # It ends whoever follows, not the callback of the loop.
                self.lose(error)
        elif len(self._waiting) < MAX_WAITING_EVENTS:
            self._waiting.append(event)
            self._has_news.set()

    def _ended(self, code: int) -> None:
        refused = code == PROTOCOL_REJECTED
        self.lose(SessionRefused("protocol_rejected") if refused else SessionLost(f"closed_{code}"))


def _check_format(session: Session) -> None:
    """Anything else is loud static in the caller's ear."""
    given = session.audio.format if session.audio is not None else None
    if given is not None and given != Format(type=LINE_FORMAT, rate=LINE_RATE_HZ):
        raise SessionRefused("audio_format", "The server uses another audio format.")
