"""Why a call ended, in words for owners and support: a closed list, derived from a call's facts."""

from dataclasses import dataclass

from django.db.models import TextChoices

from agent.session import AgentOutcome
from telephony.models import CallStatus, StreamState


class EndReason(TextChoices):
    """The reasons there are; the label is what people read."""

    AGENT_FINISHED = "agent_finished", "Aloha took the call and said goodbye"
    TIME_LIMIT = "time_limit", "the call reached its time limit"
    CALLER_HUNG_UP = "caller_hung_up", "caller hung up while talking with Aloha"
    CALLER_HUNG_UP_EARLY = "caller_hung_up_early", "caller hung up before anybody spoke"
    MESSAGE_AFTER_FAILURE = "message_after_failure", "agent not reachable: classic voicemail taken"
    FAILED_WITHOUT_MESSAGE = "failed_without_message", "agent not reachable, no message left"
    MESSAGE_TAKEN = "message_taken", "caller left a message after the tone"
    NO_MESSAGE = "no_message", "caller left no message after the tone"
    NOT_CONNECTED = "not_connected", "the carrier could not connect the call"
    UNKNOWN = "unknown", "the carrier never said how the call ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndFacts:
    """What is known of a call that is over; `has_message` means recorded after the tone."""

    status: CallStatus
    stream_state: StreamState
    agent_outcome: AgentOutcome | None
    carrier_records: bool
    carrier_fell_back: bool
    has_message: bool


def end_reason(facts: EndFacts) -> EndReason:
    """The reason; facts that come later, such as a recording, may change it."""
    if facts.status in {CallStatus.BUSY, CallStatus.FAILED}:
        return EndReason.NOT_CONNECTED
    match facts.agent_outcome:
        case AgentOutcome.FINISHED:
            return EndReason.AGENT_FINISHED
        case AgentOutcome.TIME_LIMIT:
            return EndReason.TIME_LIMIT
        case AgentOutcome.CALLER_LEFT if not facts.has_message:
            return EndReason.CALLER_HUNG_UP
    if facts.agent_outcome is not None or facts.carrier_fell_back:
        if facts.has_message:
            return EndReason.MESSAGE_AFTER_FAILURE
        return EndReason.FAILED_WITHOUT_MESSAGE
    if facts.carrier_records:
        return EndReason.MESSAGE_TAKEN if facts.has_message else EndReason.NO_MESSAGE
    if facts.stream_state in {StreamState.NONE, StreamState.ISSUED}:
        return EndReason.CALLER_HUNG_UP_EARLY
    return EndReason.UNKNOWN
