"""The voice agent of OpenAI's Realtime API, or of any server that speaks it."""

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
from agent.session import AgentSession
from agent.voices import REALTIME_VOICES, Voice

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
        voice = self.voice_of(brief)
        dialogue = RealtimeDialogue(brief, options=self._options, voice=voice)
        session = RealtimeSession(dialogue, address=self._address, prices=self._prices)
        return await session.open_within(self._opening_seconds)

    def voices(self) -> tuple[Voice, ...]:
        return REALTIME_VOICES

    def check(self) -> list[CheckMessage]:
        return realtime_checks.check(self._address, self._options, self._prices)
