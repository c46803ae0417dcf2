"""The socket to a server that speaks OpenAI's Realtime API.

Connected means that the server has taken our configuration, not that it has let us in: it also
refuses after the handshake.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from yarl import URL

from agent.backends.event_socket import EventSocket
from agent.backends.realtime_commands import LINE_FORMAT
from agent.backends.realtime_events import (
    ErrorOccurred,
    Event,
    Ignored,
    Session,
    SessionUpdated,
    read_event,
)
from agent.backends.realtime_failures import loss_by
from agent.errors import SessionRefused

MAX_BAD_MESSAGES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the server is, and who we are."""

    url: str
    model: str
    api_key: str


class RealtimeSocket(EventSocket[Event | Ignored]):
    """One open socket to the Realtime API."""

    @classmethod
    async def open(cls, address: Address) -> Self:
        """Connect. Raises SessionLost."""
        socket = cls(read_event, max_unreadable=MAX_BAD_MESSAGES)
        url = URL(address.url).update_query(model=address.model)
        return await socket.connect(url, api_key=address.api_key)

    async def set_up(self, configuration: Iterable[bytes]) -> Session:
        """Send our configuration and wait until it is in force. Raises SessionLost."""
        for frame in configuration:
            await self.send(frame)
        return await self.wait_for(_session_in)


def _session_in(event: Event | Ignored) -> Session | None:
    """The session with our configuration in force. Raises SessionLost."""
    match event:
        case ErrorOccurred():
            raise loss_by(event.error)
        case SessionUpdated():
            audio = event.session.audio
            if {audio.input.format.type, audio.output.format.type} != {LINE_FORMAT}:
                # Anything else is loud static in the caller's ear.
                raise SessionRefused("audio_format", "The server uses another audio format.")
            return event.session
    return None
