"""The way of an agent's events to whoever follows the session: in order, without a detour.

An event that goes through a queue to a task costs a turn of the loop, about 10 us: more than
everything that is decided about it. So whoever listens is offered each event when it comes, and
only what cannot be taken then waits for `events`.
"""

from collections.abc import AsyncIterator, Callable

from agent.session import AgentEvent
from agent.wake import Wake


class EventLine:
    """The events of one session. Nothing is offered while something before it waits."""

    def __init__(self) -> None:
        self._waiting: list[AgentEvent] = []
        self._take: Callable[[AgentEvent], bool] | None = None
        self._is_passing_on = False
        self._has_news = Wake()
        self._has_ended = False

    def __len__(self) -> int:
        return len(self._waiting)

    def listen(self, take: Callable[[AgentEvent], bool]) -> None:
        """Offer events to `take`, which must not raise, and says whether it took one."""
        self._take = take

    def put(self, *events: AgentEvent) -> None:
        """Put events in line. What is put while one is being taken stands behind it."""
        self._waiting.extend(events)
        if not self._is_passing_on:
            self._pass_on()
        if self._waiting:
            self._has_news.set()

    def put_one(self, event: AgentEvent) -> bool:
        """As `put`, quicker: for audio. Whether nothing waits behind it."""
        if self._take is None or self._is_passing_on or self._waiting:
            self.put(event)
            return not self._waiting
        self._is_passing_on = True
        try:
            is_taken = self._take(event)
        finally:
            self._is_passing_on = False
        if not is_taken:
            self._waiting.insert(0, event)
        if self._waiting:
            self.put()
        return not self._waiting

    def end(self) -> None:
        """Nothing comes behind what waits."""
        self._has_ended = True
        self._has_news.set()

    async def events(self) -> AsyncIterator[AgentEvent]:
        """What nobody has taken at once, until the end; asked again, what is left of it."""
        while True:
            while self._waiting:
                event = self._waiting.pop(0)
                self._is_passing_on = True
                try:
                    yield event
                finally:
                    self._is_passing_on = False
            if self._has_ended:
                return
            self._has_news.clear()
            await self._has_news.wait()

    def _pass_on(self) -> None:
        if self._take is None:
            return
        self._is_passing_on = True
        try:
            while self._waiting and self._take(self._waiting[0]):
                del self._waiting[0]
        finally:
            self._is_passing_on = False
