"""Agents that fail the way real ones do."""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence

from agent.backends.base import AgentBackend
from agent.brief import CallBrief
from agent.errors import AgentUnavailable
from agent.session import AgentEvent, AgentFailed, AgentReport, Capabilities, Heard, Utterance
from agent.speech import prompts
from agent.voices import Voice

PIECE_BYTES = 1_600


class _Broken(AgentBackend):
    name = "broken"

    async def open_session(self, brief: CallBrief) -> "BrokenSession":
        return BrokenSession()

    def voices(self) -> tuple[Voice, ...]:
        return ()


class RefusingBackend(_Broken):
    """Nobody is there: wrong key, no network."""

    async def open_session(self, brief: CallBrief) -> "BrokenSession":
        raise AgentUnavailable


class NeverReadyBackend(_Broken):
    """Takes the connection and never opens a session."""

    async def open_session(self, brief: CallBrief) -> "BrokenSession":
        await asyncio.Event().wait()
        raise AssertionError("nobody wakes this agent")


class SilentBackend(_Broken):
    """Opens a session and never says a word."""


class DyingBackend(_Broken):
    """Speaks for three seconds, then its connection is gone."""

    async def open_session(self, brief: CallBrief) -> "BrokenSession":
        return DyingSession()


class RaisingBackend(_Broken):
    """Has a bug that shows in the middle of a sentence."""

    async def open_session(self, brief: CallBrief) -> "BrokenSession":
        return RaisingSession()


class EndingBackend(_Broken):
    """Stops in the middle without a word of farewell."""

    async def open_session(self, brief: CallBrief) -> "BrokenSession":
        return EndingSession()


class StickingBackend(_Broken):
    """Dies, and cannot even be closed."""

    async def open_session(self, brief: CallBrief) -> "BrokenSession":
        return StickingSession()


class BrokenSession:
    capabilities = Capabilities()

    def __init__(self) -> None:
        self._closed = asyncio.Event()

    def send_audio(self, payload: str) -> None: ...

    def utterance_played(self, utterance_id: str) -> None: ...

    def interrupted(self, heard: Sequence[Heard]) -> None: ...

    def caller_silent(self, times: int) -> None: ...

    def key_pressed(self, digit: str) -> None: ...

    def wrap_up(self) -> None: ...

    def report(self) -> AgentReport:
        return AgentReport()

    async def events(self) -> AsyncIterator[AgentEvent]:
        await self._closed.wait()
        return
        yield

    async def close(self) -> None:
        self._closed.set()


class DyingSession(BrokenSession):
    async def events(self) -> AsyncIterator[AgentEvent]:
        if self._closed.is_set():
            return
        for utterance in greeting():
            yield utterance
        await asyncio.sleep(3)
        yield AgentFailed(code="connection_lost")


class RaisingSession(BrokenSession):
    async def events(self) -> AsyncIterator[AgentEvent]:
        if self._closed.is_set():
            return
        for utterance in greeting():
            yield utterance
            raise ValueError("a bug in the agent")


class EndingSession(BrokenSession):
    async def events(self) -> AsyncIterator[AgentEvent]:
        if self._closed.is_set():
            return
        for utterance in greeting():
            yield utterance
        await asyncio.sleep(2)


class StickingSession(DyingSession):
    async def close(self) -> None:
        raise RuntimeError("the connection is in a state nobody thought of")


def greeting() -> list[Utterance]:
    audio = prompts.load("greeting_voicemail")
    return [
        Utterance(
            utterance_id="greeting",
            payload=base64.b64encode(audio[at : at + PIECE_BYTES]).decode(),
            duration_ms=len(audio[at : at + PIECE_BYTES]) // 8,
        )
        for at in range(0, len(audio), PIECE_BYTES)
    ]
