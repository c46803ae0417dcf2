"""The voice agent of OpenAI's Live API, or of any server that speaks it."""

import asyncio
import logging
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
from agent.errors import AgentUnavailable, SessionLost
from agent.session import AgentSession
from agent.voices import LIVE_VOICES, Voice

logger = logging.getLogger(__name__)

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
        dialogue = LiveDialogue(brief, options=self._options, voice=self._voice_of(brief))
        session = LiveSession(dialogue, address=self._address, prices=self._prices)
        try:
            async with asyncio.timeout(self._opening_seconds):
                await session.open()
        except SessionLost as error:
            raise AgentUnavailable(f"No session: {error.code}.", code=error.code) from error
        except TimeoutError as error:
            message = "No session in time."
            raise AgentUnavailable(message, code="no_session_in_time") from error
        return session

    def voices(self) -> tuple[Voice, ...]:
        return LIVE_VOICES

    def check(self) -> list[CheckMessage]:
        return live_checks.check(self._address, self._options, self._prices)

    def _voice_of(self, brief: CallBrief) -> str:
        names = [voice.name for voice in self.voices()]
        if brief.voice in names:
            return brief.voice
        logger.warning("voice not offered, the first one speaks", extra={"voice": brief.voice})
        return names[0]
