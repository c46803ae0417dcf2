"""Who calls whom, and the form fields in which the carrier says so."""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime

from django.conf import settings

SIMULATED_ACCOUNT_SID = "AC" + "0" * 32
API_VERSION = "2010-04-01"
_PLACES = {
    f"{party}{part}": ""
    for party in ("From", "To", "Caller", "Called")
    for part in ("City", "State", "Zip", "Country")
}


def new_call_sid() -> str:
    """An id that nobody takes for a real call's."""
    return f"SIMULATED_CALL_{uuid.uuid4().hex}"


def account_sid() -> str:
    """The account that calls belong to: ours where there is one."""
    return settings.TWILIO_ACCOUNT_SID or SIMULATED_ACCOUNT_SID


@dataclass(frozen=True, slots=True, kw_only=True)
class CallIdentity:
    """One call. `forwarded_from` and `answered_by` are empty when the carrier does not say."""

    from_number: str
    to_number: str
    forwarded_from: str = ""
    call_sid: str = field(default_factory=new_call_sid)
    account_sid: str = field(default_factory=account_sid)
    direction: str = "inbound"
    answered_by: str = ""

    def fields(self, status: str) -> dict[str, str]:
        """The fields of every request about the call."""
        fields = {
            "AccountSid": self.account_sid,
            "ApiVersion": API_VERSION,
            "CallSid": self.call_sid,
            "CallStatus": status,
            "Direction": self.direction,
            "From": self.from_number,
            "Caller": self.from_number,
            "To": self.to_number,
            "Called": self.to_number,
            **_PLACES,
        }
        if self.forwarded_from:
            fields["ForwardedFrom"] = self.forwarded_from
        if self.answered_by:
            fields["AnsweredBy"] = self.answered_by
        return fields

    def progress_fields(self, status: str, *, sequence: int) -> dict[str, str]:
        """The fields of a status callback; the callbacks of a call are numbered from 0."""
        return self.fields(status) | {
            "Timestamp": format_datetime(datetime.now(UTC)),
            "SequenceNumber": str(sequence),
            "CallbackSource": "call-progress-events",
        }

    def final_fields(self, status: str, *, duration_s: int, sequence: int = 0) -> dict[str, str]:
        """The fields of the status callback at the end; `Duration` is in minutes begun."""
        return self.progress_fields(status, sequence=sequence) | {
            "CallDuration": str(duration_s),
            "Duration": str(-(-duration_s // 60)),
        }

    def stream_fields(self, event: str, *, stream_sid: str, name: str) -> dict[str, str]:
        """The fields of a stream status callback."""
        return {
            "AccountSid": self.account_sid,
            "CallSid": self.call_sid,
            "StreamSid": stream_sid,
            "StreamName": name or stream_sid,
            "StreamEvent": event,
            "Timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        }

    def recording_fields(self, recording_sid: str) -> dict[str, str]:
        """The fields of a recording status callback that do not depend on its outcome."""
        return {
            "AccountSid": self.account_sid,
            "CallSid": self.call_sid,
            "RecordingSid": recording_sid,
            "RecordingUrl": self.recording_url(recording_sid),
            "RecordingChannels": "1",
            "RecordingSource": "RecordVerb",
            "RecordingTrack": "inbound",
        }

    def recording_url(self, recording_sid: str) -> str:
        """Where the carrier would keep a recording; for simulated ones nothing answers there."""
        return (
            f"https://api.twilio.com/{API_VERSION}/Accounts/{self.account_sid}"
            f"/Recordings/{recording_sid}"
        )
