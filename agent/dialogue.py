"""What the scripted agent says next. Pure: its clock is the caller's audio, in milliseconds.

    greeting ──> message ──> anything else? ──> confirmed, goodbye
                    └── nobody speaks, asked twice ──> polite goodbye

Nobody who has spoken is hung up on without hearing that the message will be passed on.
"""

from dataclasses import dataclass
from enum import StrEnum

from agent.brief import CallType
from agent.session import AgentOutcome

NO_INPUT_MS = 6000
"""Silence after a prompt until the caller is asked again."""
REPROMPTS = ("still_there", "still_there_again")

NOTHING_ELSE_MS = 4000
"""Silence after "anything else?" that means no."""
AFTER_EXTRA_MS = 700
"""Silence after an addition has ended that means it was all."""
MAX_EXTRA_TURNS = 3

HANGOVER_MS = 1500
"""Silence that ends a turn: who leaves a message, or adds to it, stops to think."""
TURN_LIMIT_MS = 120_000
"""How long the caller may speak at a stretch; also what stops background talk."""

LOST_MARK_MS = 3000
"""A prompt counts as heard this long after it should have been, if nobody says so."""

OUTBOUND = "_outbound"
"""Ends the names of what is said to somebody whom the agent has called."""

GREETINGS = {CallType.VOICEMAIL: "greeting_voicemail", CallType.LIVE: "greeting_live"}


class Step(StrEnum):
    """Where the conversation stands."""

    MESSAGE = "message"
    ANYTHING_ELSE = "anything_else"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Speak the prompt of this name."""

    prompt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finish:
    """The agent has nothing more to say."""

    outcome: AgentOutcome


Action = Say | Finish


class Dialogue:
    """The rules of one call. Every method returns what to do now; the clock never runs back."""

    def __init__(
        self,
        call_type: CallType,
        *,
        outbound: bool = False,
        goes_on: bool = False,
        was_told: bool = False,
    ) -> None:
        """`goes_on` in a call that was greeted before; the caller had spoken when `was_told`."""
        self.step = Step.ANYTHING_ELSE if was_told else Step.MESSAGE
        self._suffix = OUTBOUND if outbound else ""
        self._greeting = f"greeting{OUTBOUND}" if outbound else GREETINGS[call_type]
        self._reprompts = [f"{name}{self._suffix}" for name in REPROMPTS]
        if goes_on:
            self._greeting = "anything_else" if was_told else self._reprompts[0]
        self._caller_speaks = False
        self._extra_turns = 0
        self._wait_ms = NOTHING_ELSE_MS if was_told else NO_INPUT_MS
        self._quiet_since_ms: int | None = None

    def begin(self) -> list[Action]:
        """Greet the caller, or go on with one who was greeted before."""
        return [Say(prompt=self._greeting)]

    def everything_heard(self, now_ms: int) -> None:
        """The caller has heard all that was said; from now on she is expected to answer."""
        if not self._caller_speaks and self.step is not Step.CLOSING:
            self._quiet_since_ms = now_ms

    def caller_started(self) -> None:
        """The caller speaks, maybe over a prompt."""
        self._caller_speaks = True
        self._quiet_since_ms = None

    def caller_stopped(self, now_ms: int) -> list[Action]:
        """The caller's turn is over."""
        self._caller_speaks = False
        if self.step is Step.MESSAGE:
            self.step, self._wait_ms = Step.ANYTHING_ELSE, NOTHING_ELSE_MS
            return [Say(prompt="anything_else")]
        self._extra_turns += 1
        if self._extra_turns >= MAX_EXTRA_TURNS:
            return self._confirm()
        self._quiet_since_ms, self._wait_ms = now_ms, AFTER_EXTRA_MS
        return []

    def tick(self, now_ms: int) -> list[Action]:
        """Time has passed, by the caller's audio."""
        if self._quiet_since_ms is None or now_ms - self._quiet_since_ms < self._wait_ms:
            return []
        self._quiet_since_ms = None
        if self.step is Step.ANYTHING_ELSE:
            return self._confirm()
        if self._reprompts:
            return [Say(prompt=self._reprompts.pop(0))]
        return self._close(f"no_answer{OUTBOUND}" if self._suffix else "no_message")

    def wrap_up(self) -> list[Action]:
        """The call's time is over; nothing when the agent is saying goodbye already."""
        if self.step is Step.CLOSING:
            return []
        return self._close(f"time_is_up{self._suffix}", outcome=AgentOutcome.TIME_LIMIT)

    def _confirm(self) -> list[Action]:
        return self._close("confirmed", f"goodbye{self._suffix}")

    def _close(self, *prompts: str, outcome: AgentOutcome = AgentOutcome.FINISHED) -> list[Action]:
        self.step = Step.CLOSING
        self._quiet_since_ms = None
        return [*(Say(prompt=prompt) for prompt in prompts), Finish(outcome=outcome)]
