"""An agent that gives the caller's own audio back at once, to time the way there and back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from agent.backends.base import AgentBackend
from agent.brief import CallBrief
from agent.session import AgentEvent, AgentReport, CallerStopped, Capabilities, Heard, Utterance
from agent.voices import Voice

TURN_EVERY_FRAMES = 5


class EchoBackend(AgentBackend):
    name = "echo"

    async def open_session(self, brief: CallBrief) -> "EchoSession":
        return EchoSession()

    def voices(self) -> tuple[Voice, ...]:
        return ()


class EchoSession:
    """Also reports a caller's turn every 100 ms, so that the database is kept busy."""

    capabilities = Capabilities()

    def __init__(self) -> None:
        self._events: asyncio.Queue[AgentEvent | None] = asyncio.Queue()
        self._frames = 0

    def send_audio(self, audio: bytes) -> None:
        self._frames += 1
        self._events.put_nowait(Utterance(utterance_id="echo", audio=audio, duration_ms=20))
        if self._frames % TURN_EVERY_FRAMES == 0:
            end_ms = self._frames * 20
            self._events.put_nowait(CallerStopped(start_ms=end_ms - 100, end_ms=end_ms))

    def utterance_played(self, utterance_id: str) -> None: ...

    def interrupted(self, heard: Sequence[Heard]) -> None: ...

    def caller_silent(self, times: int) -> None: ...

    def key_pressed(self, digit: str) -> None: ...

    def wrap_up(self) -> None: ...

    def report(self) -> AgentReport:
        return AgentReport()

    def listen(self, take: Callable[[AgentEvent], bool]) -> None: ...

    async def events(self) -> AsyncIterator[AgentEvent]:
        while (event := await self._events.get()) is not None:
            yield event

    async def close(self) -> None:
        self._events.put_nowait(None)
