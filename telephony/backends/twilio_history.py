"""Twilio's list of past calls and recordings, read into ours.

Twilio compares dates where it is asked for times, so what it gives may be older than was asked.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from telephony.backends.base import ProviderCall, ProviderRecording


def incoming_calls(records: Iterable[Any], *, since: datetime) -> list[ProviderCall]:
    """The calls that somebody else placed. Raises ValueError, TypeError for what is no call."""
    inbound = (record for record in records if record.direction == "inbound")
    calls = (_call(record) for record in inbound)
    return [call for call in calls if call.started_at >= since]


def messages(records: Iterable[Any], *, since: datetime) -> list[ProviderRecording]:
    """Whole recordings made by <Record>; recordings of conversations are not messages."""
    return [
        ProviderRecording(sid=record.sid, call_sid=record.call_sid)
        for record in records
        if (record.source, record.status) == ("RecordVerb", "completed")
        and _utc(record.date_created) >= since
    ]


def _call(record: Any) -> ProviderCall:
    started_at = _utc(record.start_time or record.date_created)
    duration_s = int(record.duration or 0)
    ended_at = record.end_time
    return ProviderCall(
        sid=record.sid,
        caller=record._from or "",  # the client's name for a reserved word
        called=record.to or "",
        forwarded_from=record.forwarded_from or "",
        started_at=started_at,
        ended_at=_utc(ended_at) if ended_at else started_at + timedelta(seconds=duration_s),
        duration_s=duration_s,
    )


def _utc(time: datetime | None) -> datetime:
    """The client's times are in UTC, some without saying so; unreadable ones are None."""
    if time is None:
        raise ValueError("an entry has no time")
    return time if time.tzinfo else time.replace(tzinfo=UTC)
