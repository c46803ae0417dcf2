"""Past calls and recordings at Twilio's peer: what may be asked, and how they are listed."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

Record = dict[str, Any]
_STATUSES = "queued ringing in-progress canceled completed failed busy no-answer"


def past_call(*, to: str, started_at: datetime, duration_s: int = 20, **fields: Any) -> Record:
    """An inbound call that is over, as Twilio shows it."""
    ended_at = datetime.fromtimestamp(started_at.timestamp() + duration_s, UTC)
    return {
        "sid": f"CA{uuid.uuid4().hex}",
        "api_version": "2010-04-01",
        "to": to,
        "from": "+15105550147",
        "status": "completed",
        "direction": "inbound",
        "start_time": format_datetime(started_at),
        "end_time": format_datetime(ended_at),
        "date_created": format_datetime(started_at),
        "duration": str(duration_s),
        "forwarded_from": "",
        "price": None,
        "price_unit": "USD",
    } | fields


def past_recording(*, call: Record, **fields: Any) -> Record:
    """What <Record> recorded in that call."""
    return {
        "sid": f"RE{uuid.uuid4().hex}",
        "api_version": "2010-04-01",
        "call_sid": call["sid"],
        "date_created": call["date_created"],
        "start_time": call["start_time"],
        "duration": "7",
        "status": "completed",
        "source": "RecordVerb",
        "channels": 1,
        "error_code": None,
    } | fields


@dataclass(frozen=True, kw_only=True)
class HistoryKind:
    """One of the two lists: its address, its key in the answer, and what it may be asked."""

    resource: str
    key: str
    time_field: str
    after: str
    names: frozenset[str]

    def fault_of(self, query: dict[str, str]) -> str:
        """What Twilio would refuse in a query, or nothing."""
        if unknown := query.keys() - self.names:
            return f"unknown {sorted(unknown)}"
        if query.get("Status", "completed") not in _STATUSES.split():
            return "unknown status"
        if not 1 <= int(query.get("PageSize", "50")) <= 1000:
            return "PageSize is 1 to 1000"
        return ""

    def asked_for(self, records: Sequence[Record], query: dict[str, str]) -> list[Record]:
        """The newest first; like Twilio it compares days where it is given a time."""
        first_day = query.get(self.after, "0001-01-01")[:10]
        found = [
            record
            for record in records
            if self._time(record).date().isoformat() >= first_day
            and record["status"] == query.get("Status", record["status"])
        ]
        return sorted(found, key=self._time, reverse=True)

    def _time(self, record: Record) -> datetime:
        return parsedate_to_datetime(record[self.time_field])


# Parameter names of Twilio's OpenAPI file, version 2010-04-01.
_CALL_NAMES = """
To From ParentCallSid Status StartTime StartTime< StartTime> EndTime EndTime< EndTime>
PageSize Page PageToken
"""
_RECORDING_NAMES = """
DateCreated DateCreated< DateCreated> CallSid ConferenceSid IncludeSoftDeleted
PageSize Page PageToken
"""
CALLS = HistoryKind(
    resource="Calls",
    key="calls",
    time_field="start_time",
    after="StartTime>",
    names=frozenset(_CALL_NAMES.split()),
)
RECORDINGS = HistoryKind(
    resource="Recordings",
    key="recordings",
    time_field="date_created",
    after="DateCreated>",
    names=frozenset(_RECORDING_NAMES.split()),
)


def page_of(
    records: Sequence[Record], query: dict[str, str], path: str, key: str, largest_page: int
) -> Record:
    """One page of a list, with the address of the next."""
    size = min(int(query.get("PageSize", "50")), largest_page)
    page = int(query.get("Page", "0"))
    rest = query | {"PageSize": str(size), "Page": str(page + 1)}
    more = len(records) > (page + 1) * size
    return {
        "uri": path,
        "page": page,
        "page_size": size,
        "next_page_uri": f"{path}?{urlencode(rest)}" if more else None,
        key: records[page * size : (page + 1) * size],
    }
