"""The real Realtime agent, at a server of its own for each agent's name."""

from typing import ClassVar

from agent.backends.base import AgentBackend
from agent.backends.openai_realtime import OpenAIRealtimeBackend
from agent.brief import CallBrief
from agent.session import AgentSession
from agent.voices import Voice


class RealtimeByNameBackend(AgentBackend):
    """Owners whose agents bear different names talk to different servers."""

    name = "openai_realtime"
    urls: ClassVar[dict[str, str]] = {}

    async def open_session(self, brief: CallBrief) -> AgentSession:
        url = self.urls[brief.agent_name]
        return await OpenAIRealtimeBackend(api_key="a-key", url=url).open_session(brief)

    def voices(self) -> tuple[Voice, ...]:
        return ()
