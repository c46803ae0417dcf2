"""Agents for the end of a call: one that parts at once, one that never does."""

import asyncio
from collections.abc import AsyncIterator

from agent.brief import CallBrief
from agent.session import AgentDone, AgentEvent
from tests.peers.broken_agent import BrokenSession, _Broken
from tests.peers.puppet_agent import saying


class PartingBackend(_Broken):
    """Says goodbye in one burst and ends, as a model does that calls its tool for it."""

    async def open_session(self, brief: CallBrief) -> "PartingSession":
        return PartingSession()


class PartingSession(BrokenSession):
    async def events(self) -> AsyncIterator[AgentEvent]:
        if self._closed.is_set():
            return
        for event in saying("bye", "goodbye"):
            yield event
        yield AgentDone()
        await self._closed.wait()


class EndlessBackend(_Broken):
    """Never stops talking, whatever it is told."""

    async def open_session(self, brief: CallBrief) -> "EndlessSession":
        return EndlessSession()


class EndlessSession(BrokenSession):
    async def events(self) -> AsyncIterator[AgentEvent]:
        number = 0
        while not self._closed.is_set():
            number += 1
            for event in saying(f"more-{number}", "greeting_live"):
                yield event
            await asyncio.sleep(1)
