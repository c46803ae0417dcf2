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
    MESSAGE_AFTER_FAILURE = (
        "message_after_failure",
        "Aloha could not answer; the caller left a message after the tone",
    )
    FAILED_WITHOUT_MESSAGE = (
        "failed_without_message",
        "Aloha could not answer, and no message was left",
    )
    MESSAGE_TAKEN = "message_taken", "caller left a message after the tone"
    NO_MESSAGE = "no_message", "caller left no message after the tone"
    NOT_CONNECTED = "not_connected", "the call could not be connected"
    UNKNOWN = "unknown", "the phone provider never said how the call ended"
    # Of calls that Aloha made.
    NOT_PLACED = "not_placed", "the call did not go out"
    LINE_BUSY = "line_busy", "the line was busy"
    NOBODY_ANSWERED = "nobody_answered", "nobody answered"
    ALOHA_SAID_GOODBYE = "aloha_said_goodbye", "Aloha talked to them and said goodbye"
    CALLEE_HUNG_UP = "callee_hung_up", "the person called hung up"
    CALLEE_OPTED_OUT = "callee_opted_out", "the person called wants no more calls"
    MACHINE_ANSWERED = "machine_answered", "an answering machine answered"
    AGENT_FAILED_CALLING = "agent_failed_calling", "Aloha could not go on, so the call was ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndFacts:
    """What is known of a call that is over; `has_message` means recorded after the tone.

    `was_handed_over`: a stream was closed so that another process takes the call.
    `sent_to_voicemail`: the owner had the agent's call go on as a message.
    """

    status: CallStatus
    stream_state: StreamState
    agent_outcome: AgentOutcome | None
    carrier_records: bool
    carrier_fell_back: bool
    has_message: bool
    outgoing: bool = False
    was_placed: bool = True
    by_machine: bool = False
    was_handed_over: bool = False
    sent_to_voicemail: bool = False


def end_reason(facts: EndFacts) -> EndReason:
    """The reason; facts that come later, such as a recording, may change it."""
    if facts.outgoing:
        return _reason_of_outgoing(facts)
    if facts.status in {CallStatus.BUSY, CallStatus.FAILED}:
        return EndReason.NOT_CONNECTED
    match None if facts.sent_to_voicemail else facts.agent_outcome:
        case AgentOutcome.FINISHED:
            return EndReason.AGENT_FINISHED
        case AgentOutcome.TIME_LIMIT:
            return EndReason.TIME_LIMIT
        case AgentOutcome.CALLER_LEFT if not facts.has_message:
            return EndReason.CALLER_HUNG_UP
    if facts.carrier_fell_back or (_has_failed(facts) and not facts.sent_to_voicemail):
        if facts.has_message:
            return EndReason.MESSAGE_AFTER_FAILURE
        return EndReason.FAILED_WITHOUT_MESSAGE
    if facts.carrier_records or facts.sent_to_voicemail:
        return EndReason.MESSAGE_TAKEN if facts.has_message else EndReason.NO_MESSAGE
    if facts.stream_state in {StreamState.NONE, StreamState.ISSUED}:
        spoke = facts.was_handed_over
        return EndReason.CALLER_HUNG_UP if spoke else EndReason.CALLER_HUNG_UP_EARLY
    return EndReason.UNKNOWN


def _has_failed(facts: EndFacts) -> bool:
    """An agent that did not end its part in words, or one whose stream never opened."""
    never_came = facts.carrier_records and facts.stream_state == StreamState.ISSUED
    return facts.agent_outcome is not None or never_came


def _reason_of_outgoing(facts: EndFacts) -> EndReason:
    if not facts.was_placed:
        return EndReason.NOT_PLACED
    if facts.agent_outcome is not None:
        return _BY_OUTCOME[facts.agent_outcome]
    if facts.status in _BY_STATUS:
        return _BY_STATUS[facts.status]
    if facts.stream_state == StreamState.OPEN:
        return EndReason.UNKNOWN
    return EndReason.MACHINE_ANSWERED if facts.by_machine else EndReason.CALLEE_HUNG_UP


_BY_OUTCOME = {
    AgentOutcome.OPTED_OUT: EndReason.CALLEE_OPTED_OUT,
    AgentOutcome.OPTED_OUT_BY_KEY: EndReason.CALLEE_OPTED_OUT,
    AgentOutcome.FINISHED: EndReason.ALOHA_SAID_GOODBYE,
    AgentOutcome.TIME_LIMIT: EndReason.TIME_LIMIT,
    AgentOutcome.CALLER_LEFT: EndReason.CALLEE_HUNG_UP,
    AgentOutcome.FAILED: EndReason.AGENT_FAILED_CALLING,
}
_BY_STATUS = {
    CallStatus.BUSY: EndReason.LINE_BUSY,
    CallStatus.NO_ANSWER: EndReason.NOBODY_ANSWERED,
    CallStatus.CANCELED: EndReason.NOBODY_ANSWERED,
    CallStatus.FAILED: EndReason.NOT_CONNECTED,
}
