"""What a call with the Live API used, and what that costs. Pure.

A session is billed by the second, silence included; the model behind the voice by its tokens.
Prices are settings, in US dollars.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from agent.backends.live_events import CachedTokens, TaskUsage

MILLION = Decimal(1_000_000)
CENTS = Decimal("0.00001")


@dataclass(frozen=True, slots=True, kw_only=True)
class MinutePrice:
    """A minute of a voice model."""

    model: str
    minute: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPrice:
    """A million tokens of a model behind the voice."""

    model: str
    tokens_in: Decimal
    tokens_cached: Decimal
    tokens_out: Decimal


LivePrice = MinutePrice | TokenPrice


class LiveMeter:
    """Counts what one call uses, over all its sessions."""

    def __init__(self, *, model: str, task_model: str) -> None:
        self._model, self._task_model = model, task_model
        self._sessions: list[float | None] = []  # seconds; None until the server has told any
        self._tasks = self._tokens_in = self._tokens_cached = self._tokens_out = 0

    def session_begins(self) -> None:
        """Another session is billed from here on."""
        self._sessions.append(None)

    def session_used(self, seconds: float) -> None:
        """The server's count of the present session so far; it never goes down."""
        if self._sessions:
            self._sessions[-1] = max(seconds, self._sessions[-1] or 0.0)

    def add_task(self, usage: TaskUsage | None) -> None:
        """Count an answer of the model behind the voice."""
        self._tasks += 1
        if usage is not None:
            self._tokens_in += usage.input_tokens
            self._tokens_out += usage.output_tokens
            cached = (usage.input_tokens_details or CachedTokens()).cached_tokens
            self._tokens_cached += min(cached, usage.input_tokens)

    @property
    def seconds(self) -> float:
        """All that the server has told of."""
        return sum(each or 0.0 for each in self._sessions)

    def totals(self) -> dict[str, str | int]:
        """Everything counted, for the call's record."""
        counts = {
            "sessions": len(self._sessions),
            "live_ms": round(self.seconds * 1_000),
            "tasks": self._tasks,
            "input_text_tokens": self._tokens_in,
            "cached_text_tokens": self._tokens_cached,
            "output_text_tokens": self._tokens_out,
        }
        used = {name: count for name, count in counts.items() if count}
        return {"model": self._model, "task_model": self._task_model, **used}

    def cost_usd(self, prices: Sequence[LivePrice]) -> Decimal | None:
        """What it comes to.

        None when a model that was used has no price, and when a session ended untold.
        """
        known = {price.model: price for price in prices}
        voice, task = known.get(self._model), known.get(self._task_model)
        if None in self._sessions or not isinstance(voice, MinutePrice):
            return None
        cost = voice.minute * Decimal(str(self.seconds)) / 60
        if self._tasks:
            if not isinstance(task, TokenPrice):
                return None
            cost += self._tasks_cost(task)
        return cost.quantize(CENTS)

    def _tasks_cost(self, price: TokenPrice) -> Decimal:
        millionths = (
            price.tokens_in * (self._tokens_in - self._tokens_cached)
            + price.tokens_cached * self._tokens_cached
            + price.tokens_out * self._tokens_out
        )
        return millionths / MILLION
