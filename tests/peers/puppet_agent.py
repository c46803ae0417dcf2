"""An agent that does what the test says, and remembers what it was told."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence

from agent.backends.base import AgentBackend
from agent.brief import CallBrief
from agent.session import (
    AgentEvent,
    AgentReport,
    Capabilities,
    Heard,
    TranscriptSource,
    Utterance,
    UtteranceEnd,
)
from agent.speech import prompts
from agent.voices import Voice

opened: "list[PuppetSession]" = []
"""The sessions of this process, the latest last."""


class PuppetBackend(AgentBackend):
    name = "puppet"

    async def open_session(self, brief: CallBrief) -> "PuppetSession":
        opened.append(PuppetSession())
        return opened[-1]

    def voices(self) -> tuple[Voice, ...]:
        return ()


class PuppetSession:
    capabilities = Capabilities()

    def __init__(self) -> None:
        self.told: list[tuple[str, object]] = []
        self.heard: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[AgentEvent | None] = asyncio.Queue()

    def does(self, *events: AgentEvent) -> float:
        """Send events from the test's thread; the moment, on the performance counter."""
        began = time.perf_counter()
        for event in events:
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)
        return began

    def ends(self) -> None:
        """Have nothing more to tell, from the test's thread."""
        self._loop.call_soon_threadsafe(self._events.put_nowait, None)

    def send_audio(self, audio: bytes) -> None:
        self.heard.append(audio)

    def utterance_played(self, utterance_id: str) -> None:
        self.told.append(("played", utterance_id))

    def interrupted(self, heard: Sequence[Heard]) -> None:
        self.told.append(("interrupted", tuple(heard)))

    def caller_silent(self, times: int) -> None:
        self.told.append(("silent", times))

    def key_pressed(self, digit: str) -> None:
        self.told.append(("key", digit))

    def wrap_up(self) -> None:
        self.told.append(("wrap up", None))

    def report(self) -> AgentReport:
        return AgentReport()

    def listen(self, take: Callable[[AgentEvent], bool]) -> None: ...

    async def events(self) -> AsyncIterator[AgentEvent]:
        while (event := await self._events.get()) is not None:
            yield event
        self._events.put_nowait(None)

    async def close(self) -> None:
        self._events.put_nowait(None)


def saying(utterance_id: str, prompt: str, *, turn_id: str = "") -> list[AgentEvent]:
    """A checked-in sentence, all at once as a fast agent sends it."""
    audio = [
        Utterance(utterance_id=utterance_id, audio=piece, duration_ms=duration_ms, turn_id=turn_id)
        for piece, duration_ms in prompts.pieces(prompt)
    ]
    text = prompts.text_of(prompt)
    end = UtteranceEnd(utterance_id=utterance_id, text=text, source=TranscriptSource.REALTIME)
    return [*audio, end]


def sounding(utterance_id: str, duration_ms: int) -> Utterance:
    """A part of a sentence."""
    audio = b"\x55" * duration_ms * 8
    return Utterance(utterance_id=utterance_id, audio=audio, duration_ms=duration_ms)
