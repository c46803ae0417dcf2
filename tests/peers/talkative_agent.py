"""An agent that writes down what the caller is supposed to have said, and ends badly."""

import asyncio
from collections.abc import AsyncIterator

from agent.brief import CallBrief
from agent.session import AgentEvent, AgentFailed, CallerStopped, TranscriptSource, UtteranceEnd
from tests.peers.broken_agent import BrokenSession, _Broken, greeting

WORDS = "the xylophone is under the doormat"


class TalkativeBackend(_Broken):
    async def open_session(self, brief: CallBrief) -> "TalkativeSession":
        return TalkativeSession()


class TalkativeSession(BrokenSession):
    async def events(self) -> AsyncIterator[AgentEvent]:
        if self._closed.is_set():
            return
        for utterance in greeting()[:2]:
            yield utterance
        yield UtteranceEnd(utterance_id="greeting", text=WORDS, source=TranscriptSource.REALTIME)
        yield CallerStopped(start_ms=0, end_ms=20, text=WORDS, source=TranscriptSource.REALTIME)
        await asyncio.sleep(0.2)
        yield AgentFailed(code="connection_lost", detail=WORDS)


class RaisingTalkativeBackend(_Broken):
    async def open_session(self, brief: CallBrief) -> "RaisingTalkativeSession":
        return RaisingTalkativeSession()


class RaisingTalkativeSession(BrokenSession):
    async def events(self) -> AsyncIterator[AgentEvent]:
        if self._closed.is_set():
            return
        words = [CallerStopped(start_ms=0, end_ms=20, text=WORDS)]
        yield words[0]
        await asyncio.sleep(0.2)
        raise KeyError(len(words[0].text))
