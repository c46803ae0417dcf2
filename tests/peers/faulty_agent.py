"""The embedded agent with one fault at one moment of the call; the owner's facts say which.

Up to that moment it greets, listens and answers like any agent. From then on it is an agent at the
far end of a network whose network, account or model fails.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from enum import StrEnum
from typing import Any

from agent.backends.base import AgentBackend
from agent.backends.scripted import ScriptedSession
from agent.brief import CallBrief
from agent.errors import AgentUnavailable
from agent.session import (
    AgentEvent,
    AgentFailed,
    AgentReport,
    CallerStarted,
    CallerStopped,
    Capabilities,
    Heard,
    Utterance,
    UtteranceEnd,
)
from agent.voices import Voice

RECONNECT_SECONDS = 2
SLOW_SECONDS = 3
FRAMES_OF_SPEECH = 100
PIECES_INTO_IT = 8
FASTER_THAN_SPEECH = 1.5


class Fault(StrEnum):
    """What goes wrong; after the opening the session has dropped and the new one meets it."""

    REFUSED = "refused"
    UNAUTHORISED = "401"
    NEVER_READY = "never ready"
    SLOW = "slow"
    ERROR_EVENT = "error event"
    QUOTA = "quota"
    CLOSED = "closed mid-stream"
    SILENT = "silent"
    NO_CLOSE_ANSWER = "no answer to CLOSE"
    EXPIRED = "session expired"
    GARBAGE = "garbage"


class Phase(StrEnum):
    """When it goes wrong."""

    OPENING = "opening"
    FIRST_WORD = "before the first word"
    GREETING = "in the greeting"
    GREETED = "after the greeting"
    CALLER_BEGINS = "as the caller begins"
    CALLER_SPEAKS = "while the caller speaks"
    CALLER_ENDS = "as the caller ends"
    ANSWER = "in the answer"
    ANSWERED = "after the answer"
    GOODBYE = "in the goodbye"


class FaultyBackend(AgentBackend):
    name = "faulty"

    async def open_session(self, brief: CallBrief) -> "FaultySession":
        fault, _, phase = brief.about.partition(" @ ")
        session = FaultySession(Fault(fault), Phase(phase), brief)
        if session.phase is Phase.OPENING:
            await self._opening(session.fault)
        return session

    async def _opening(self, fault: Fault) -> None:
        match fault:
            case Fault.REFUSED | Fault.UNAUTHORISED | Fault.EXPIRED:
                raise AgentUnavailable(fault.value)
            case Fault.ERROR_EVENT | Fault.QUOTA | Fault.CLOSED | Fault.NO_CLOSE_ANSWER:
                await asyncio.sleep(0.3)  # the socket opens first
                raise AgentUnavailable(fault.value)
            case Fault.GARBAGE:
                raise ValueError("what came was no event")
            case Fault.SLOW:
                await asyncio.sleep(SLOW_SECONDS)
            case Fault.NEVER_READY | Fault.SILENT:
                await asyncio.Event().wait()

    def voices(self) -> tuple[Voice, ...]:
        return ()


class FaultySession:
    """Passes the embedded agent's events on until its moment has come."""

    capabilities = Capabilities()

    def __init__(self, fault: Fault, phase: Phase, brief: CallBrief) -> None:
        self.fault = fault
        self.phase = phase
        self._inner = ScriptedSession(call_type=brief.call_type)
        self._events: asyncio.Queue[AgentEvent | None] = asyncio.Queue()
        self._failed = asyncio.Event()
        self._closed = asyncio.Event()
        self._utterances: list[str] = []
        self._frames_spoken: int | None = None
        self._pieces = 0

    def send_audio(self, audio: bytes) -> None:
        if self._frames_spoken is not None:
            self._frames_spoken += 1
            if self._frames_spoken == FRAMES_OF_SPEECH:
                self._reach(Phase.CALLER_SPEAKS)
        self._inner.send_audio(audio)

    def utterance_played(self, utterance_id: str) -> None:
        self._inner.utterance_played(utterance_id)
        if utterance_id == "scripted-1":
            self._reach(Phase.GREETED)
        elif utterance_id == "scripted-2":
            self._reach(Phase.ANSWERED)

    def interrupted(self, heard: Sequence[Heard]) -> None:
        self._inner.interrupted(heard)

    def caller_silent(self, times: int) -> None: ...

    def key_pressed(self, digit: str) -> None: ...

    def wrap_up(self) -> None:
        self._inner.wrap_up()

    def report(self) -> AgentReport:
        return self._inner.report()

    def listen(self, take: Callable[[AgentEvent], bool]) -> None: ...

    async def events(self) -> AsyncIterator[AgentEvent]:
        if self._closed.is_set():
            return
        pumping = [asyncio.create_task(part()) for part in (self._pump, self._misbehave)]
        try:
            self._reach(Phase.FIRST_WORD)
            while (event := await self._events.get()) is not None:
                yield event
        finally:
            for task in pumping:
                task.cancel()

    async def close(self) -> None:
        self._closed.set()
        self._events.put_nowait(None)
        await self._inner.close()
        if self.fault is Fault.NO_CLOSE_ANSWER:
            await asyncio.Event().wait()

    def _reach(self, phase: Phase) -> None:
        if phase is self.phase:
            self._failed.set()

    async def _pump(self) -> None:
        """Pass on what the agent says, at the pace of a fast model."""
        async for event in self._inner.events():
            self._note(event)
            if self._failed.is_set():
                if self.fault is not Fault.SLOW:
                    return
                if isinstance(event, Utterance) and self._pieces == 1:
                    await asyncio.sleep(SLOW_SECONDS)
            self._events.put_nowait(event)
            if isinstance(event, Utterance):
                await asyncio.sleep(event.duration_ms / 1_000 / FASTER_THAN_SPEECH)

    def _note(self, event: AgentEvent) -> None:
        match event:
            case Utterance():
                if event.utterance_id not in self._utterances:
                    self._utterances.append(event.utterance_id)
                    self._pieces = 0
                self._pieces += 1
                if self._pieces == PIECES_INTO_IT:
                    self._in_utterance(len(self._utterances))
            case CallerStarted():
                self._frames_spoken = 0
                self._reach(Phase.CALLER_BEGINS)
            case CallerStopped():
                self._frames_spoken = None
                self._reach(Phase.CALLER_ENDS)
            case UtteranceEnd():
                self._pieces = 0

    def _in_utterance(self, number: int) -> None:
        phases = {1: Phase.GREETING, 2: Phase.ANSWER, 3: Phase.GOODBYE}
        if number in phases:
            self._reach(phases[number])

    async def _misbehave(self) -> None:
        """What comes from the far end once the fault is there; nothing, when it is silent."""
        await self._failed.wait()
        match self.fault:
            case Fault.REFUSED | Fault.UNAUTHORISED:
                await asyncio.sleep(0.3)  # dropped, and the new session is refused
                self._fail(self.fault.value)
            case Fault.NEVER_READY:
                await asyncio.sleep(RECONNECT_SECONDS)
                self._fail("no session in time")
            case Fault.ERROR_EVENT:
                self._fail("server_error")
            case Fault.QUOTA:
                self._fail("insufficient_quota")
            case Fault.EXPIRED:
                self._fail("session_expired")
            case Fault.CLOSED | Fault.NO_CLOSE_ANSWER:
                self._events.put_nowait(None)
            case Fault.GARBAGE:
                audio: Any = '"}}{"event":"clear"}'  # text, where sound should be
                self._events.put_nowait(
                    Utterance(utterance_id="garbage", audio=audio, duration_ms=20)
                )

    def _fail(self, code: str) -> None:
        self._events.put_nowait(AgentFailed(code=code))
