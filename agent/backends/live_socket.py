"""The socket to a server that speaks OpenAI's Live API.

Connected means that the session has started, not that the socket is open. What cannot be read is
counted, and ends nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from yarl import URL

from agent.backends.event_socket import EventSocket
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
from agent.backends.realtime_failures import loss_by, loss_by_end
from agent.errors import SessionRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveAddress:
    """Where the server is, and who we are; the model is named in the session."""

    url: str
    api_key: str


class LiveSocket(EventSocket[Event | Ignored]):
    """One open socket to the Live API."""

    @classmethod
    async def open(cls, address: LiveAddress) -> Self:
        """Connect. Raises SessionLost."""
        return await cls(read_event).connect(URL(address.url), api_key=address.api_key)

    async def start(self, configuration: Iterable[bytes]) -> Session:
        """Send our configuration and wait until the session has started. Raises SessionLost."""
        for frame in configuration:
            await self.send(frame)
        return await self.wait_for(_session_in)


def _session_in(event: Event | Ignored) -> Session | None:
    """The session that has started. Raises SessionLost."""
    match event:
        case ErrorOccurred():
            raise loss_by(event.detail)
        case SessionClosed():
            raise loss_by_end(event.reason)
        case SessionStarted():
            _check_format(event.session)
            return event.session
    return None


def _check_format(session: Session) -> None:
    """Anything else is loud static in the caller's ear."""
    given = session.audio.format if session.audio is not None else None
    if given is not None and given != Format(type=LINE_FORMAT, rate=LINE_RATE_HZ):
        raise SessionRefused("audio_format", "The server uses another audio format.")
