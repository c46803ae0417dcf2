"""The socket to a server that speaks OpenAI's Realtime API.

Connected means that the server has taken our configuration, not that it has let us in: it also
refuses after the handshake. It often leaves our CLOSE without an answer, so closing is bounded.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Self

import aiohttp
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
from agent.errors import RealtimeProtocolError, SessionLost, SessionRefused

CLOSE_SECONDS = 0.3
HEARTBEAT_SECONDS = 30.0
MAX_MESSAGE_BYTES = 4 * 1024 * 1024
MAX_BAD_MESSAGES = 5
USER_AGENT = "Aloha/0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the server is, and who we are."""

    url: str
    model: str
    api_key: str


class RealtimeSocket:
    """One open socket; whoever opens it closes it."""

    def __init__(
        self, client: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse
    ) -> None:
        self._client = client
        self._socket = socket

    @classmethod
    async def open(cls, address: Address) -> Self:
        """Connect. Raises SessionLost."""
        client = aiohttp.ClientSession()
        try:
            socket = await client.ws_connect(
                URL(address.url).update_query(model=address.model),
                headers={"Authorization": f"Bearer {address.api_key}", "User-Agent": USER_AGENT},
                compress=0,
                heartbeat=HEARTBEAT_SECONDS,
                max_msg_size=MAX_MESSAGE_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS),
            )
        except aiohttp.WSServerHandshakeError as error:
            await client.close()
            refused = SessionRefused if error.status in FATAL_STATUSES else SessionLost
            raise refused(f"http_{error.status}") from error
        except (aiohttp.ClientError, OSError) as error:
            await client.close()
            raise SessionLost("unreachable") from error
        except asyncio.CancelledError:
            await client.close()
            raise
        return cls(client, socket)

    async def set_up(self, configuration: Iterable[str]) -> Session:
        """Send our configuration and wait until it is in force. Raises SessionLost."""
        for frame in configuration:
            await self.send(frame)
        async for event in self.events():
            if isinstance(event, ErrorOccurred):
                is_fatal = severity_of(event.error) is Severity.FATAL
                raise (SessionRefused if is_fatal else SessionLost)(name_of(event.error))
            if isinstance(event, SessionUpdated):
                audio = event.session.audio
                if {audio.input.format.type, audio.output.format.type} != {LINE_FORMAT}:
                    # Anything else is loud static in the caller's ear.
                    raise SessionRefused("audio_format", "The server uses another audio format.")
                return event.session
        raise SessionLost("closed")

    async def send(self, frame: str) -> None:
        """Send one frame; waits while the server does not read. Raises SessionLost."""
        try:
            await self._socket.send_str(frame)
        except (aiohttp.ClientError, ConnectionError) as error:
            raise SessionLost("closed") from error

    def send_at_once(self, frame: str) -> bool:
        """Send one frame without waiting; False when the server does not read as fast as we send.

        Raises SessionLost. The frame is sent either way: it is written before aiohttp waits.
        """
        sending = self._socket.send_str(frame)
        try:
            sending.send(None)
        except StopIteration:
            return True
        except (aiohttp.ClientError, ConnectionError) as error:
            raise SessionLost("closed") from error
        sending.close()
        return False

    async def events(self) -> AsyncIterator[Event | Ignored]:
        """Everything the server sends. Raises SessionLost once it is gone."""
        bad_messages = 0
        while True:
            message = await self._socket.receive()
            if message.type is not aiohttp.WSMsgType.TEXT:
                bad_messages += 1
                if message.type is not aiohttp.WSMsgType.BINARY:
                    raise self._loss()
            else:
                try:
                    yield read_event(message.data)
                except RealtimeProtocolError:
                    bad_messages += 1
            if bad_messages > MAX_BAD_MESSAGES:
                raise SessionLost("protocol")

    async def close(self) -> None:
        """Say goodbye, wait briefly, and go."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._socket.close()
        except TimeoutError:
            pass  # the transport is dropped below
        finally:
            await self._client.close()

    def _loss(self) -> SessionLost:
        code = self._socket.close_code
        if code == PROTOCOL_REJECTED:
            return SessionRefused("protocol_rejected")
        return SessionLost(f"closed_{code or 1006}")
