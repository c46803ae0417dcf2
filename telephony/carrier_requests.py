"""What the carrier posts, read once into typed facts.

Source: Twilio's voice webhook, status callback, stream status and recording status parameters.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from uuid import UUID

from django.http import HttpRequest, QueryDict

from telephony import phone_numbers
from telephony.errors import BadCarrierRequest
from telephony.models import FINAL_STATUSES, CallStatus

_CALL_SID = re.compile(r"CA[0-9a-f]{32}|SIMULATED_CALL_[0-9a-f]{32}")
_RECORDING_SID = re.compile(r"RE[0-9a-f]{32}|SIMULATED_RECORDING_[0-9a-f]{32}")
_ROW = "call"
_MAX_TEXT = 128
_PROGRESS = {
    "queued": CallStatus.RINGING,
    "initiated": CallStatus.RINGING,
    "ringing": CallStatus.RINGING,
    "in-progress": CallStatus.IN_PROGRESS,
    "completed": CallStatus.COMPLETED,
    "busy": CallStatus.BUSY,
    "failed": CallStatus.FAILED,
    "no-answer": CallStatus.NO_ANSWER,
    "canceled": CallStatus.CANCELED,
}


class SignedForm:
    """The carrier's fields. A field that is read must come once and hold no NUL."""

    def __init__(self, fields: QueryDict) -> None:
        self._fields = fields

    def get(self, name: str) -> str:
        """The field's text, blank when it is not there. Raises BadCarrierRequest."""
        values = self._fields.getlist(name)
        if len(values) > 1 or any("\0" in value for value in values):
            raise BadCarrierRequest(name)
        return values[0] if values else ""

    def encoded(self) -> str:
        """The form as a body, to be read again by `QueryDict`."""
        return self._fields.urlencode()

    def as_payload(self) -> dict[str, list[str]]:
        """Everything that was sent, for keeping; NUL, which PostgreSQL refuses, is dropped."""
        return {
            name.replace("\0", ""): [value.replace("\0", "") for value in values]
            for name, values in self._fields.lists()
        }


def signed_form(request: HttpRequest, call_id: UUID | None = None) -> SignedForm:
    """The fields of a request whose signature is right, with the row that its address names."""
    fields = request.POST.copy()
    fields.setlist(_ROW, [str(call_id)] if call_id else request.GET.getlist(_ROW))
    return SignedForm(fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingCall:
    """An outgoing call that somebody has answered; `answered_by` is blank when nobody looked."""

    row: UUID
    call_sid: str
    answered_by: str

    @property
    def by_machine(self) -> bool:
        """A machine, a fax; what is unknown counts as a person."""
        return self.answered_by.startswith(("machine", "fax"))


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingCall:
    """A call that wants to be answered. `caller` is E.164 where it can be read, else as sent.

    `was_forwarded` is None when the carrier gives no hint, which does not mean no.
    """

    call_sid: str
    caller: str
    caller_withheld: bool
    called: str
    forwarded_from: str
    was_forwarded: bool | None

    @property
    def simulated(self) -> bool:
        """The simulator plays the carrier."""
        return self.call_sid.startswith("SIMULATED_CALL_")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """The carrier's word on where a call is; `at` is None when it does not say when."""

    call_sid: str
    status: CallStatus
    sequence: int | None
    at: datetime | None
    duration_s: int | None

    def as_facts(self) -> dict[str, Any]:
        """The report as JSON, without whose it is."""
        return {
            "status": self.status.value,
            "sequence": self.sequence,
            "at": self.at.isoformat() if self.at else None,
            "durationSeconds": self.duration_s,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEvent:
    """The carrier's word on a media stream: `kind` is stream-started, -stopped or -error."""

    call_sid: str
    stream_sid: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedMessage:
    """A recording of the carrier's: `status` is blank while the caller waits for our answer."""

    call_sid: str
    recording_sid: str
    status: str

    @property
    def is_kept(self) -> bool:
        """There is audio to fetch, now or in a moment."""
        return bool(self.recording_sid) and self.status in {"", "completed"}


def read_call_sid(form: SignedForm) -> str:
    """The call's id. Raises BadCarrierRequest."""
    sid = form.get("CallSid")
    if not _CALL_SID.fullmatch(sid):
        raise BadCarrierRequest("CallSid")
    return sid


def read_row(form: SignedForm) -> UUID | None:
    """The row that the request's address names: that of an outgoing call. Raises as all do."""
    text = form.get(_ROW)
    try:
        return UUID(text) if text else None
    except ValueError as error:
        raise BadCarrierRequest(_ROW) from error


def read_is_outgoing(form: SignedForm) -> bool:
    """Whether we called, and not somebody us."""
    return form.get("Direction").startswith("outbound")


def read_outgoing_call(form: SignedForm) -> OutgoingCall | None:
    """Facts of a request about a call of ours; None when it names no row. Raises as all do."""
    call_sid, row = read_call_sid(form), read_row(form)
    if row is None:
        return None
    return OutgoingCall(row=row, call_sid=call_sid, answered_by=_text(form, "AnsweredBy")[:24])


def read_digits(form: SignedForm) -> str:
    """The keys that were pressed. Raises BadCarrierRequest."""
    return _text(form, "Digits")


def read_incoming_call(form: SignedForm) -> IncomingCall:
    """Facts of a request to `incoming`. Raises BadCarrierRequest."""
    caller = _text(form, "From")
    called = phone_numbers.e164_or_text(_text(form, "To"))
    if not called:
        raise BadCarrierRequest("To")
    forwarded_from = phone_numbers.e164_or_text(_text(form, "ForwardedFrom"))
    return IncomingCall(
        call_sid=read_call_sid(form),
        caller=phone_numbers.e164_or_text(caller),
        caller_withheld=phone_numbers.is_withheld(caller),
        called=called,
        forwarded_from=forwarded_from,
        was_forwarded=True if forwarded_from or _is_signed_as_diverted(form) else None,
    )


def _is_signed_as_diverted(form: SignedForm) -> bool:
    """A carrier that diverted the call and signed it anew says so, where it names no number."""
    return form.get("StirVerstat").endswith("-Diverted")


def read_call_is_over(form: SignedForm) -> bool:
    """Whether a request says that the call has ended already."""
    return form.get("CallStatus") in FINAL_STATUSES


def read_status_report(form: SignedForm) -> StatusReport:
    """Facts of a status callback. Raises BadCarrierRequest."""
    status = _PROGRESS.get(form.get("CallStatus"))
    if status is None:
        raise BadCarrierRequest("CallStatus")
    return StatusReport(
        call_sid=read_call_sid(form),
        status=status,
        sequence=_sequence(form),
        at=_time(form, "Timestamp"),
        duration_s=_duration(form),
    )


def read_stream_event(form: SignedForm) -> StreamEvent:
    """Facts of a stream status callback. Raises BadCarrierRequest."""
    kind = form.get("StreamEvent")
    if kind not in {"stream-started", "stream-stopped", "stream-error"}:
        raise BadCarrierRequest("StreamEvent")
    return StreamEvent(call_sid=read_call_sid(form), stream_sid=_text(form, "StreamSid"), kind=kind)


def is_about_the_file(form: SignedForm) -> bool:
    """Whether a recording's request announces its file, rather than brings the caller back."""
    return bool(form.get("RecordingStatus"))


def read_recording(form: SignedForm) -> RecordedMessage:
    """Facts of a request after `<Record>` or of its status callback. Raises BadCarrierRequest."""
    sid = _text(form, "RecordingSid")
    if sid and not _RECORDING_SID.fullmatch(sid):
        raise BadCarrierRequest("RecordingSid")
    status = _text(form, "RecordingStatus")
    if status not in {"", "in-progress", "completed", "absent"}:
        raise BadCarrierRequest("RecordingStatus")
    return RecordedMessage(call_sid=read_call_sid(form), recording_sid=sid, status=status)


def _text(form: SignedForm, name: str) -> str:
    value = form.get(name).strip()
    if len(value) > _MAX_TEXT or not value.isprintable():
        raise BadCarrierRequest(name)
    return value


def _duration(form: SignedForm) -> int | None:
    text = form.get("CallDuration")
    if text and not _is_whole_number(text):
        raise BadCarrierRequest("CallDuration")
    return int(text) if text else None


def _sequence(form: SignedForm) -> int | None:
    """The callback's number; one that cannot be read is none, for the status counts without it."""
    text = _text(form, "SequenceNumber")
    return int(text) if _is_whole_number(text) else None


def _is_whole_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 8


def _time(form: SignedForm, name: str) -> datetime | None:
    """The time in an RFC 2822 field, in UTC where no zone stands; unreadable, it is none."""
    try:
        time = parsedate_to_datetime(_text(form, name))
    except (ValueError, OverflowError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
