"""An agent that is there and never does anything: what other failing agents are made of."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from agent.backends.base import AgentBackend
from agent.brief import CallBrief
from agent.session import AgentEvent, AgentReport, Capabilities, Heard, Utterance
from agent.speech import prompts
from agent.voices import Voice

PIECE_BYTES = 1_600


class _Broken(AgentBackend):
    name = "broken"

    async def open_session(self, brief: CallBrief) -> "BrokenSession":
        return BrokenSession()

    def voices(self) -> tuple[Voice, ...]:
        return ()


class BrokenSession:
    capabilities = Capabilities()

    def __init__(self) -> None:
        self._closed = asyncio.Event()

    def send_audio(self, audio: bytes) -> None: ...

    def utterance_played(self, utterance_id: str) -> None: ...

    def interrupted(self, heard: Sequence[Heard]) -> None: ...

    def caller_silent(self, times: int) -> None: ...

    def key_pressed(self, digit: str) -> None: ...

    def wrap_up(self) -> None: ...

    def report(self) -> AgentReport:
        return AgentReport()

    def listen(self, take: Callable[[AgentEvent], bool]) -> None: ...

    async def events(self) -> AsyncIterator[AgentEvent]:
        await self._closed.wait()
        return
        yield

    async def close(self) -> None:
        self._closed.set()


def greeting() -> list[Utterance]:
    audio = prompts.load("greeting_voicemail")
    return [
        Utterance(
            utterance_id="greeting",
            audio=audio[at : at + PIECE_BYTES],
            duration_ms=len(audio[at : at + PIECE_BYTES]) // 8,
        )
        for at in range(0, len(audio), PIECE_BYTES)
    ]
