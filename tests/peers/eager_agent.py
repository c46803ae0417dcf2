"""An agent that begins its next sentence at the very moment at which the last one was heard."""

import asyncio
from collections.abc import Callable

from agent.brief import CallBrief
from agent.session import AgentEvent
from tests.peers import puppet_agent
from tests.peers.puppet_agent import PuppetBackend, PuppetSession, sounding


class EagerBackend(PuppetBackend):
    async def open_session(self, brief: CallBrief) -> PuppetSession:
        puppet_agent.opened.append(EagerSession())
        return puppet_agent.opened[-1]


class EagerSession(PuppetSession):
    def listen(self, take: Callable[[AgentEvent], bool]) -> None:
        self._take = take

    def utterance_played(self, utterance_id: str) -> None:
        super().utterance_played(utterance_id)
        asyncio.get_running_loop().call_soon(self._take, sounding("next", 200))
