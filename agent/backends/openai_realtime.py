"""The voice agent of OpenAI's Realtime API, or of any server that speaks it."""

import asyncio
import logging
from collections.abc import Sequence

from django.core.checks import CheckMessage

from agent.backends import realtime_checks
from agent.backends.base import AgentBackend
from agent.backends.realtime_commands import SessionOptions, TurnDetection
from agent.backends.realtime_dialogue import RealtimeDialogue
from agent.backends.realtime_session import RealtimeSession
from agent.backends.realtime_socket import Address
from agent.backends.realtime_usage import Price
from agent.brief import CallBrief
from agent.errors import AgentUnavailable, SessionLost
from agent.session import AgentSession
from agent.voices import REALTIME_VOICES, Voice

logger = logging.getLogger(__name__)

DEFAULTS = SessionOptions()
REALTIME_URL = "wss://api.openai.com/v1/realtime"
OPENING_SECONDS = 3.0


class OpenAIRealtimeBackend(AgentBackend):
    """Talks freely, within its instructions and its two tools."""

    name = "openai_realtime"

    def __init__(
        self,
        *,
        api_key: str,
        url: str = REALTIME_URL,
        model: str = DEFAULTS.model,
        transcription_model: str = DEFAULTS.transcription_model,
        turn_detection: str = DEFAULTS.turn_detection,
        noise_reduction: str = DEFAULTS.noise_reduction,
        prices: Sequence[Price] = (),
        opening_seconds: float = OPENING_SECONDS,
    ) -> None:
        self._address = Address(url=url, model=model, api_key=api_key)
        self._prices = tuple(prices)
        self._opening_seconds = opening_seconds
        self._options = SessionOptions(
            model=model,
            transcription_model=transcription_model,
            turn_detection=TurnDetection(turn_detection),
            noise_reduction=noise_reduction,
        )

    async def open_session(self, brief: CallBrief) -> AgentSession:
        voice = self._voice_of(brief)
        dialogue = RealtimeDialogue(brief, options=self._options, voice=voice)
        session = RealtimeSession(dialogue, address=self._address, prices=self._prices)
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
        return REALTIME_VOICES

    def check(self) -> list[CheckMessage]:
        return realtime_checks.check(self._address, self._options, self._prices)

    def _voice_of(self, brief: CallBrief) -> str:
        names = [voice.name for voice in self.voices()]
        if brief.voice in names:
            return brief.voice
        logger.warning("voice not offered, the first one speaks", extra={"voice": brief.voice})
        return names[0]
