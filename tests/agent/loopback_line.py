"""The bridge's part for one session, in the caller's time: plays what is said, returns marks."""

import asyncio
from types import TracebackType
from typing import Self

from agent.session import (
    AgentDone,
    AgentEvent,
    AgentSession,
    CallerStarted,
    Heard,
    Utterance,
    UtteranceEnd,
)
from agent.speech import mulaw
from tests.agent.recorded_speech import frames


class LoopbackLine:
    """Feeds a session frame by frame and hears it as a caller would, as fast as it can."""

    def __init__(self, session: AgentSession) -> None:
        self.session = session
        self.events: list[AgentEvent] = []
        self.returns_marks = True
        self._queue: list[Utterance | UtteranceEnd] = []
        self._played_ms = 0

    async def __aenter__(self) -> Self:
        self._reader = asyncio.create_task(self._read())
        await asyncio.sleep(0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.session.close()
        await asyncio.wait_for(self._reader, timeout=1)

    @property
    def said(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, UtteranceEnd)]

    @property
    def is_quiet(self) -> bool:
        return not self._queue

    @property
    def is_done(self) -> bool:
        return any(isinstance(event, AgentDone) for event in self.events)

    async def speak(self, audio: bytes) -> None:
        for frame in frames(audio):
            self.session.send_audio(frame)
            await asyncio.sleep(0)
            self._play(mulaw.FRAME_MS)

    async def stay_silent(self, ms: int) -> None:
        await self.speak(bytes([mulaw.SILENCE]) * ms * mulaw.BYTES_PER_MS)

    async def listen(self, limit_ms: int = 60_000) -> None:
        """Stay silent until the agent has said all it wants to say."""
        for _ in range(limit_ms // mulaw.FRAME_MS):
            if self.is_quiet:
                return
            await self.stay_silent(mulaw.FRAME_MS)
        raise AssertionError("the agent does not stop talking")

    async def _read(self) -> None:
        async for event in self.session.events():
            self.events.append(event)
            if isinstance(event, Utterance | UtteranceEnd):
                self._queue.append(event)
            elif isinstance(event, CallerStarted) and self._queue:
                names = dict.fromkeys(part.utterance_id for part in self._queue)
                self._queue.clear()
                self.session.interrupted(
                    [Heard(utterance_id=name, heard_ms=self._played_ms) for name in names]
                )

    def _play(self, ms: int) -> None:
        self._played_ms += ms
        while self._queue:
            part = self._queue[0]
            length_ms = part.duration_ms if isinstance(part, Utterance) else 0
            if self._played_ms < length_ms:
                return
            self._played_ms -= length_ms
            self._queue.pop(0)
            if isinstance(part, UtteranceEnd) and self.returns_marks:
                self.session.utterance_played(part.utterance_id)
        self._played_ms = 0
