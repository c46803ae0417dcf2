"""`manage.py showcall`: one call with all that is known of it but the words."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.row_security import service_scope
from telephony import phone_numbers
from telephony.end_reasons import EndReason
from telephony.failure_causes import cause_of
from telephony.models import Call, CallEvent

# What may be shown of what the carrier sent; of other fields only that they came.
SHOWN = frozenset(
    {
        *("AnsweredBy", "CallDuration", "CallStatus", "Direction", "DialCallStatus", "ErrorCode"),
        *("RecordingDuration", "RecordingSource", "RecordingStatus", "SequenceNumber"),
        *("SipResponseCode", "StirVerstat", "StreamError", "StreamEvent", "Timestamp"),
    }
)
EMPTY: tuple[Any, ...] = (None, "", [], [""])


class Command(BaseCommand):
    """Reads only; of phone numbers the last four digits are shown, of what was said nothing."""

    help = "Show one call: how it stands, and what the carrier reported of it, in order."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("call", help="the carrier's SID of the call, or Aloha's id")

    def handle(self, *args: Any, call: str, **options: Any) -> None:
        with service_scope():
            found = _find(call)
            if found is None:
                raise CommandError(f"There is no call {call}.")
            events = found.events.order_by("received_at", "pk")
            lines = [*_rows_of(found), *(line for event in events for line in _told_by(event))]
        for line in lines:
            self.stdout.write(line)


def _find(name: str) -> Call | None:
    try:
        return Call.objects.filter(pk=UUID(name)).first()
    except ValueError:
        return Call.objects.filter(call_sid=name).first()


def _rows_of(call: Call) -> Iterator[str]:
    forwarded = "yes" if call.was_forwarded else "the carrier does not say"
    reason = EndReason(call.end_reason).label if call.end_reason else ""
    shown = {
        "call": call.call_sid or "not placed",
        "id": call.pk,
        "caller": phone_numbers.masked(call.from_number),
        "called": phone_numbers.masked(call.to_number),
        "forwarded": forwarded,
        "forwarded from": phone_numbers.masked(call.forwarded_from) if call.forwarded_from else "",
        "status": call.status,
        "ended because": reason,
        "failed because": cause_of(call),
        "stream": call.stream_state,
        "agent": " ".join(filter(None, (call.agent_backend, call.agent_outcome))),
        "figures": call.stream_facts or "",
        "answered by": call.answered_by,
    }
    return (f"{name + ':':16}{value}" for name, value in shown.items() if value != "")


def _told_by(event: CallEvent) -> Iterator[str]:
    yield f"{event.received_at:%H:%M:%S.%f}  {event.kind} {event.key}".rstrip()
    # The carrier's fields have lists of values, the agent's whatever it tells.
    sent = {field: value for field, value in event.payload.items() if value not in EMPTY}
    told = [f"{field}={' '.join(sent[field])}" for field in sorted(SHOWN & sent.keys())]
    if told:
        yield f"{' ' * 17}{', '.join(told)}"
    others = sorted(sent.keys() - SHOWN)
    if others:
        yield f"{' ' * 17}also sent: {', '.join(others)}"
