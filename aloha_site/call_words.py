"""What the call log says about a call: who it was and what became of it, in few words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from django.utils import timezone
from django.utils.formats import date_format

from telephony import phone_numbers
from telephony.end_reasons import EndReason
from telephony.models import Call, CallPurpose, CallStatus, Direction
from voicemail.callers import number_as_read_in, place_of
from voicemail.forwarding_models import FAILED_OUTCOMES, CheckOutcome, ForwardingCheck
from voicemail.models import Message

ROW = ("message", "forwarding_check")
"""What a row shows besides its call and number."""

_HAPPENED: dict[str, str] = {
    EndReason.AGENT_FINISHED: "Answered by Aloha",
    EndReason.TIME_LIMIT: "Answered, time was up",
    EndReason.CALLER_HUNG_UP: "Hung up while talking",
    EndReason.CALLER_HUNG_UP_EARLY: "Hung up at once",
    EndReason.MESSAGE_AFTER_FAILURE: "Voicemail without the agent",
    EndReason.FAILED_WITHOUT_MESSAGE: "Agent failed, no message",
    EndReason.MESSAGE_TAKEN: "Message left after the tone",
    EndReason.NO_MESSAGE: "No message left",
    EndReason.NOT_CONNECTED: "Not connected",
    EndReason.UNKNOWN: "Ended, not known how",
}
_CALLED: dict[str, str] = {
    CallStatus.COMPLETED: "Answered",
    CallStatus.BUSY: "Busy",
    CallStatus.FAILED: "Not connected",
    CallStatus.NO_ANSWER: "No answer",
    CallStatus.CANCELED: "Called off",
}
_CHECKED: dict[str, str] = {
    CheckOutcome.PROVEN: "Proven",
    CheckOutcome.PICKED_UP: "Picked up",
    CheckOutcome.CARRIER_VOICEMAIL: "Your carrier's voicemail answered",
    CheckOutcome.DECLINED: "Declined",
    CheckOutcome.NOTHING_CAME: "Nothing came back",
    CheckOutcome.NOT_PLACED: "Not placed",
    CheckOutcome.STOPPED: "Stopped",
}
_TO_LOOK_AT = (EndReason.MESSAGE_AFTER_FAILURE, EndReason.FAILED_WITHOUT_MESSAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A call as a line of the log shows it.

    `number` is blank where `who` says it already, `place` where no table knows it; `tone` is plain,
    live, proven or warn; `dial` is blank where there is nobody to call back.
    """

    call: Call
    who: str
    number: str
    place: str
    dial: str
    icon: str
    came: str
    happened: str
    tone: str
    is_urgent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The calls of one day in the owner's time zone."""

    name: str
    calls: list[Words]


def by_day(calls: Iterable[Call]) -> list[Day]:
    """Calls in their order, under the days on which they began."""
    days = groupby(calls, key=lambda call: timezone.localdate(call.started_at))
    return [Day(name=day_name(day), calls=[words_of(call) for call in rows]) for day, rows in days]


def day_name(day: date) -> str:
    """`Today`, `Yesterday`, else `Saturday 21 November`, with the year when it is another one."""
    today = timezone.localdate()
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return date_format(day, "l j F" if day.year == today.year else "l j F Y")


def words_of(call: Call) -> Words:
    """What a call looks like to its owner; needs what ROW names loaded."""
    number, message = number_of(call), message_of(call)
    name = _name(call)
    return Words(
        call=call,
        who=name or number,
        number=number if name else "",
        place=place_of(call) if call.direction == Direction.INBOUND else "",
        dial=_dial(call),
        icon=_icon(call),
        came=_came(call),
        happened=_happened(call),
        tone=_tone(call),
        is_urgent=bool(message and message.is_urgent),
    )


def ended_because(call: Call) -> str:
    """Why a call is over; blank while it goes on. Of calls we placed the carrier says it all."""
    if call.direction == Direction.OUTBOUND:
        return _CALLED.get(call.status, "")
    label = EndReason(call.end_reason).label if call.end_reason else ""
    return label[:1].upper() + label[1:]


def message_of(call: Call) -> Message | None:
    """The message that the call left, None while there is none or when it is erased."""
    try:
        return None if call.message.erased_at else call.message
    except Message.DoesNotExist:
        return None


def number_of(call: Call) -> str:
    """The other side's number as the owner would write it, or words where there is none."""
    if call.direction == Direction.INBOUND and _has_no_number(call):
        return "Number withheld"
    return number_as_read_in(call.number.country, call.other_number)


def _has_no_number(call: Call) -> bool:
    return call.caller_withheld or phone_numbers.is_withheld(call.from_number)


def _name(call: Call) -> str:
    if call.purpose == CallPurpose.FORWARDING_CHECK:
        return "Forwarding check"
    message = message_of(call)
    return message.caller_name if message else ""


def _dial(call: Call) -> str:
    if call.purpose == CallPurpose.FORWARDING_CHECK or not call.other_number.startswith("+"):
        return ""
    if call.direction == Direction.INBOUND and _has_no_number(call):
        return ""
    return call.other_number


def _icon(call: Call) -> str:
    if call.purpose == CallPurpose.FORWARDING_CHECK:
        return "shield"
    if call.direction == Direction.OUTBOUND:
        return "phone-out"
    if call.end_reason in {EndReason.MESSAGE_AFTER_FAILURE, EndReason.MESSAGE_TAKEN}:
        return "voicemail"
    answered = {"", EndReason.AGENT_FINISHED, EndReason.TIME_LIMIT, EndReason.CALLER_HUNG_UP}
    return "phone-in" if call.end_reason in answered else "phone-missed"


def _came(call: Call) -> str:
    if call.direction == Direction.OUTBOUND:
        return "Outgoing"
    return "Forwarded" if call.was_forwarded else ""


def _happened(call: Call) -> str:
    if not call.is_final:
        return "On the line now"
    if _outcome(call):
        return _CHECKED[_outcome(call)]
    if call.direction == Direction.OUTBOUND:
        return _CALLED[call.status]
    return _HAPPENED.get(call.end_reason, "Ended")


def _outcome(call: Call) -> str:
    """What a test of the forwarding has shown; blank for every other call."""
    if call.purpose != CallPurpose.FORWARDING_CHECK:
        return ""
    try:
        check: ForwardingCheck = call.forwarding_check
    except ForwardingCheck.DoesNotExist:
        return ""
    return check.outcome


def _tone(call: Call) -> str:
    if not call.is_final:
        return "live"
    if _outcome(call) == CheckOutcome.PROVEN:
        return "proven"
    is_bad = _outcome(call) in FAILED_OUTCOMES or call.end_reason in _TO_LOOK_AT
    return "warn" if is_bad else "plain"
