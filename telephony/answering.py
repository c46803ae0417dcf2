"""How a call is answered: rules in order, no framework, no clock."""

from dataclasses import dataclass
from uuid import UUID

from agent.brief import CallType


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """What is known when a call comes in.

    `is_loop`: a number of ours is calling. `agent_is_off`: by staff, for the number or for all,
    or because this server stops. `agent_is_busy`: as many calls, or as many minutes, as it may
    have. `returning_probe`: our own test call, on its way back.
    """

    in_service: bool
    is_loop: bool
    agent_is_off: bool
    agent_is_busy: bool
    voicemail_only: bool
    returning_probe: UUID | None = None


@dataclass(frozen=True, slots=True)
class NotInService:
    """Say politely that the number is not in service, then hang up."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Do not answer: the call would talk to itself."""


@dataclass(frozen=True, slots=True)
class Over:
    """Hang up: this call ended long ago, and only its id has come back."""


@dataclass(frozen=True, slots=True)
class ProbeReturned:
    """Do not answer, which is free: that the call came is all we wanted to know."""

    probe: UUID


@dataclass(frozen=True, slots=True)
class ClassicVoicemail:
    """Greet, beep, record: no agent."""


@dataclass(frozen=True, slots=True)
class AgentAnswers:
    """The agent takes the call."""

    call_type: CallType


Answer = NotInService | Refused | ProbeReturned | Over | ClassicVoicemail | AgentAnswers


def decide(facts: LineFacts) -> Answer:
    """The answer to a call; the first rule that fits wins."""
    if not facts.in_service:
        return NotInService()
    if facts.returning_probe is not None:
        return ProbeReturned(facts.returning_probe)
    if facts.is_loop:
        return Refused()
    if facts.agent_is_off or facts.agent_is_busy:
        return ClassicVoicemail()
    if facts.voicemail_only:
        return AgentAnswers(CallType.VOICEMAIL)
    return AgentAnswers(CallType.LIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingFacts:
    """What is known when somebody whom we called has answered.

    `is_wanted`: nothing has come up since that forbids the call. `by_machine`: the carrier says
    that a machine answered; what is to be done then is `on_machine`.
    """

    is_ours: bool
    is_over: bool
    is_wanted: bool
    by_machine: bool
    on_machine: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """Nobody is talked to."""


@dataclass(frozen=True, slots=True)
class LeaveNote:
    """Speak a short message onto an answering machine."""


@dataclass(frozen=True, slots=True)
class AgentCalls:
    """The agent says who it is and talks."""


OutgoingAnswer = HangUp | LeaveNote | AgentCalls


def decide_outgoing(facts: OutgoingFacts) -> OutgoingAnswer:
    """What somebody hears whom we called; the first rule that fits wins."""
    if not facts.is_ours or facts.is_over or not facts.is_wanted:
        return HangUp()
    if facts.by_machine and facts.on_machine == "hang_up":
        return HangUp()
    if facts.by_machine and facts.on_machine == "message":
        return LeaveNote()
    return AgentCalls()
