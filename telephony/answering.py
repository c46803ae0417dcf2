"""How a call is answered: rules in order, no framework, no clock."""

from dataclasses import dataclass

from agent.brief import CallType


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFacts:
    """What is known when a call comes in.

    `is_loop`: a number of ours is calling. `agent_is_off`: by staff, for the number or for all.
    `agent_is_busy`: as many calls, or as many minutes, as it may have.
    """

    in_service: bool
    is_loop: bool
    agent_is_off: bool
    agent_is_busy: bool
    voicemail_only: bool


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
class ClassicVoicemail:
    """Greet, beep, record: no agent."""


@dataclass(frozen=True, slots=True)
class AgentAnswers:
    """The agent takes the call."""

    call_type: CallType


Answer = NotInService | Refused | Over | ClassicVoicemail | AgentAnswers


def decide(facts: LineFacts) -> Answer:
    """The answer to a call; the first rule that fits wins."""
    if not facts.in_service:
        return NotInService()
    if facts.is_loop:
        return Refused()
    if facts.agent_is_off or facts.agent_is_busy:
        return ClassicVoicemail()
    if facts.voicemail_only:
        return AgentAnswers(CallType.VOICEMAIL)
    return AgentAnswers(CallType.LIVE)
