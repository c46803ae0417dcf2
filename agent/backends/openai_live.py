"""The voice agent of OpenAI's Live API, or of any server that speaks it."""

from collections.abc import Sequence

from django.core.checks import CheckMessage

from agent.backends import live_checks
from agent.backends.base import AgentBackend
from agent.backends.live_commands import LiveOptions
from agent.backends.live_dialogue import LiveDialogue
from agent.backends.live_session import LiveSession
from agent.backends.live_socket import LiveAddress
from agent.backends.live_usage import LivePrice
from agent.brief import CallBrief
from agent.session import AgentSession
from agent.voices import LIVE_VOICES, Voice

DEFAULTS = LiveOptions()
LIVE_URL = "wss://api.openai.com/v1/live/sessions"
OPENING_SECONDS = 3.0


class OpenAILiveBackend(AgentBackend):
    """Talks and listens at once, within its instructions and its tools."""

    name = "openai_live"

    def __init__(
        self,
        *,
        api_key: str,
        url: str = LIVE_URL,
        model: str = DEFAULTS.model,
        task_model: str = DEFAULTS.task_model,
        prices: Sequence[LivePrice] = (),
        opening_seconds: float = OPENING_SECONDS,
    ) -> None:
        self._address = LiveAddress(url=url, api_key=api_key)
        self._prices = tuple(prices)
        self._opening_seconds = opening_seconds
        self._options = LiveOptions(model=model, task_model=task_model)

    async def open_session(self, brief: CallBrief) -> AgentSession:
        dialogue = LiveDialogue(brief, options=self._options, voice=self.voice_of(brief))
        session = LiveSession(dialogue, address=self._address, prices=self._prices)
        return await session.open_within(self._opening_seconds)

    def voices(self) -> tuple[Voice, ...]:
        return LIVE_VOICES

    def check(self) -> list[CheckMessage]:
        return live_checks.check(self._address, self._options, self._prices)
