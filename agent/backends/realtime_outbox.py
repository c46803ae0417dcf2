"""What one call with a server has to give away: frames for the server, events for the line.

Pure. Frames get ids of ours, so that an error can name the one it refuses.
"""

from collections.abc import Callable
from typing import Concatenate, ParamSpec

from agent.session import AgentEvent

P = ParamSpec("P")


class Outbox:
    """Both are taken, in order, by whoever owns the socket."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.events: list[AgentEvent] = []
        self._ids = 0

    def send(
        self, frame: Callable[Concatenate[str, P], bytes], *args: P.args, **kw: P.kwargs
    ) -> str:
        """Put a frame in line, of `realtime_commands` or `live_commands`; the id it was given."""
        self._ids += 1
        event_id = f"aloha_{self._ids}"
        self.frames.append(frame(event_id, *args, **kw))
        return event_id

    def tell(self, *events: AgentEvent) -> None:
        """Put events in line."""
        self.events.extend(events)

    def take_frames(self) -> list[bytes]:
        """What the server is to be sent now."""
        frames, self.frames = self.frames, []
        return frames

    def take_events(self) -> list[AgentEvent]:
        """What the line is to be told now."""
        events, self.events = self.events, []
        return events
