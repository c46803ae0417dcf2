"""The socket to a server that speaks OpenAI's Realtime API.

Connected means that the server has taken our configuration, not that it has let us in: it also
refuses after the handshake. It often leaves our CLOSE without an answer, so closing is bounded.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Self

from websockets.exceptions import InvalidURI
from yarl import URL

from agent.backends.realtime_commands import LINE_FORMAT
from agent.backends.realtime_events import (
    ErrorOccurred,
    Event,
    Ignored,
    Session,
    SessionUpdated,
    read_event,
)
from agent.backends.realtime_failures import (
    FATAL_STATUSES,
    PROTOCOL_REJECTED,
    Severity,
    name_of,
    severity_of,
)
from agent.backends.realtime_wire import HandshakeRefused, RealtimeWire
from agent.errors import RealtimeProtocolError, SessionLost, SessionRefused
from agent.wake import Wake

CLOSE_SECONDS = 0.3
MAX_BAD_MESSAGES = 5
USER_AGENT = "Aloha/0.1"
SOCKET_SCHEMES = {"http": "ws", "https": "wss"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the server is, and who we are."""

    url: str
    model: str
    api_key: str


class RealtimeSocket:
    """One open socket; whoever opens it closes it. `wire` takes frames without waiting."""

    def __init__(self) -> None:
        self.wire: RealtimeWire
        self._take: Callable[[Event | Ignored], None] | None = None
        self._waiting: list[Event | Ignored] = []  # until somebody follows
        self._has_news = Wake()
        self._error: Exception | None = None
        self._bad_messages = 0

    @classmethod
    async def open(cls, address: Address) -> Self:
        """Connect. Raises SessionLost."""
        socket = cls()
        try:
            socket.wire = await RealtimeWire.open(
                _url_of(address),
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

    async def set_up(self, configuration: Iterable[str]) -> Session:
        """Send our configuration and wait until it is in force. Raises SessionLost."""
        for frame in configuration:
            await self.send(frame)
        while True:
            event = await self._next_event()
            if isinstance(event, ErrorOccurred):
                is_fatal = severity_of(event.error) is Severity.FATAL
                raise (SessionRefused if is_fatal else SessionLost)(name_of(event.error))
            if isinstance(event, SessionUpdated):
                audio = event.session.audio
                if {audio.input.format.type, audio.output.format.type} != {LINE_FORMAT}:
                    # Anything else is loud static in the caller's ear.
                    raise SessionRefused("audio_format", "The server uses another audio format.")
                return event.session

    async def send(self, frame: str) -> None:
        """Send one frame; waits while the server does not read. Raises SessionLost."""
        if not self.wire.write(frame):
            raise SessionLost("closed")
        await self.wire.drained()

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

    async def close(self) -> None:
        """Say goodbye, wait briefly, and go."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.wire.close()
        except TimeoutError:
            pass  # it is dropped below
        finally:
            self.wire.drop()

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
            self._bad_messages += 1
            if self._bad_messages > MAX_BAD_MESSAGES:
                self._lose(SessionLost("protocol"))
            return
        if self._take is None:
            self._waiting.append(event)
            self._has_news.set()
            return
        try:
            self._take(event)
        except Exception as error:
            # It ends whoever follows, not the callback of the loop.
            self._lose(error)

    def _ended(self, code: int) -> None:
        refused = code == PROTOCOL_REJECTED
        self._lose(
            SessionRefused("protocol_rejected") if refused else SessionLost(f"closed_{code}")
        )

    def _lose(self, error: Exception) -> None:
        if self._error is None:
            self._error = error
            self._has_news.set()


def _url_of(address: Address) -> str:
    url = URL(address.url).update_query(model=address.model)
    return str(url.with_scheme(SOCKET_SCHEMES.get(url.scheme, url.scheme)))
