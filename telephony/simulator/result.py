"""How a simulated call went."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from telephony.simulator.events import Party


class AnsweredBy(StrEnum):
    """Who took the call."""

    AGENT = "agent"
    CLASSIC = "classic"
    REJECTED = "rejected"
    NOT_IN_SERVICE = "notInService"
    FAILED = "failed"


@dataclass(slots=True)
class Outcome:
    """What has happened so far, as far as it decides what the call was."""

    answered: bool = False
    reject_reason: str | None = None
    reached_recorder: bool = False
    opened_stream: bool = False
    heard_agent: bool = False
    failed_at_once: bool = False
    was_hung_up: bool = False
    final_status: str | None = None  # of an outgoing call that nobody took

    @property
    def answered_by(self) -> AnsweredBy:
        """Who took the call; a caller handed from the agent to the recorder ended there."""
        if self.reject_reason is not None:
            return AnsweredBy.REJECTED
        if self.reached_recorder:
            return AnsweredBy.CLASSIC
        if self.heard_agent:
            return AnsweredBy.AGENT
        if self.failed_at_once or self.opened_stream or not self.answered or self.was_hung_up:
            return AnsweredBy.FAILED
        return AnsweredBy.NOT_IN_SERVICE

    @property
    def status(self) -> str:
        """The final CallStatus."""
        if self.final_status is not None:
            return self.final_status
        if self.reject_reason == "busy":
            return "busy"
        return "completed" if self.answered and not self.failed_at_once else "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """The whole of a call. Audio is raw 8 kHz mu-law since the answer, both sides in step.

    `first_audio_ms` counts from the first webhook, everything else from the answer; `said_ms` and
    `heard_ms` count the frames that hold more than digital silence. `warnings` begin with
    Twilio's error code.
    """

    call_sid: str
    answered_by: AnsweredBy
    status: str
    ended_by: Party
    first_audio_ms: int | None
    duration_ms: int
    said_ms: int
    heard_ms: int
    heard: bytes = field(repr=False)
    said: bytes = field(repr=False)
    recordings: tuple[Path, ...]
    warnings: tuple[str, ...]
