"""What a call with the Realtime API used, and what that costs. Pure.

An answer is billed for everything said before it, at a lower price where the server still had
it; so tokens are counted per answer and kind. Prices are settings, in US dollars.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from agent.backends.realtime_events import (
    CachedTokens,
    InputTokens,
    OutputTokens,
    TranscriptionUsage,
    Usage,
)

MILLION = Decimal(1_000_000)
CENTS = Decimal("0.00001")


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicePrice:
    """A million tokens of a voice model."""

    model: str
    audio_in: Decimal
    audio_cached: Decimal
    audio_out: Decimal
    text_in: Decimal
    text_cached: Decimal
    text_out: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionPrice:
    """A minute of speech, written down."""

    model: str
    minute: Decimal


Price = VoicePrice | TranscriptionPrice


class UsageMeter:
    """Counts what one call uses."""

    def __init__(self, *, model: str, transcription_model: str) -> None:
        self._model = model
        self._transcription_model = transcription_model
        self._counts: Counter[str] = Counter()

    def add_response(self, usage: Usage | None) -> None:
        """Count an answer; one that never began has no usage."""
        self._counts["responses"] += 1
        if usage is None:
            return
        came = usage.input_token_details or InputTokens()
        cached = came.cached_tokens_details or CachedTokens()
        went = usage.output_token_details or OutputTokens()
        self._counts["input_audio_tokens"] += came.audio_tokens or 0
        self._counts["input_text_tokens"] += came.text_tokens or 0
        self._counts["cached_audio_tokens"] += cached.audio_tokens or 0
        self._counts["cached_text_tokens"] += cached.text_tokens or 0
        self._counts["output_audio_tokens"] += went.audio_tokens or 0
        self._counts["output_text_tokens"] += went.text_tokens or 0

    def add_transcription(self, usage: TranscriptionUsage, *, spoken_ms: int) -> None:
        """Count a turn written down; its own length when the server bills by tokens."""
        self._counts["transcribed_ms"] += round(usage.seconds * 1_000) or spoken_ms

    def totals(self) -> dict[str, str | int]:
        """Everything counted, for the call's record."""
        return {
            "model": self._model,
            "transcription_model": self._transcription_model,
            **self._counts,
        }

    def cost_usd(self, prices: Sequence[Price]) -> Decimal | None:
        """What it comes to; None when a model that was used has no price."""
        known = {price.model: price for price in prices}
        voice, writing = known.get(self._model), known.get(self._transcription_model)
        if not isinstance(voice, VoicePrice):
            return None
        cost = self._voice_cost(voice)
        if self._counts["transcribed_ms"]:
            if not isinstance(writing, TranscriptionPrice):
                return None
            cost += writing.minute * self._counts["transcribed_ms"] / 60_000
        return cost.quantize(CENTS)

    def _voice_cost(self, price: VoicePrice) -> Decimal:
        count = self._counts
        millionths = (
            price.audio_in * (count["input_audio_tokens"] - count["cached_audio_tokens"])
            + price.audio_cached * count["cached_audio_tokens"]
            + price.audio_out * count["output_audio_tokens"]
            + price.text_in * (count["input_text_tokens"] - count["cached_text_tokens"])
            + price.text_cached * count["cached_text_tokens"]
            + price.text_out * count["output_text_tokens"]
        )
        return millionths / MILLION
