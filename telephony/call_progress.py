"""What the carrier's status callbacks add up to, in whatever order and however often they come.

No clock, no database: what is known and one report give what is known then.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from telephony.models import FINAL_STATUSES, CallStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a call is; `sequence` is the highest number among the reports that carried one."""

    status: CallStatus = CallStatus.RINGING
    sequence: int | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    duration_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The carrier's word on where a call was `at` a time; `duration_s` comes with the last one."""

    status: CallStatus
    sequence: int | None
    at: datetime
    duration_s: int | None = None


def advance(known: Progress, report: Report) -> Progress:
    """What is known after a report: a status never goes back, and a final one stays.

    Of two final ones the later by the carrier's own numbers counts.
    """
    answered_at, ended_at = known.answered_at, known.ended_at
    if report.status == CallStatus.IN_PROGRESS:
        answered_at = _earlier(answered_at, report.at)
    if _outranks(report, known):
        known = replace(known, status=report.status)
        ended_at = report.at if report.status in FINAL_STATUSES else ended_at
    return replace(
        known,
        sequence=_higher(known.sequence, report.sequence),
        answered_at=answered_at,
        ended_at=ended_at,
        duration_s=_duration(known.status, answered_at, ended_at, known=known, report=report),
    )


def _duration(
    status: CallStatus,
    answered_at: datetime | None,
    ended_at: datetime | None,
    *,
    known: Progress,
    report: Report,
) -> int | None:
    """As long as the carrier says; where it does not, from the answer to the end."""
    said = _higher(known.duration_s, report.duration_s)
    if said is not None or status not in FINAL_STATUSES:
        return said
    if status != CallStatus.COMPLETED or answered_at is None or ended_at is None:
        return 0
    return max(0, round((ended_at - answered_at).total_seconds()))


def _outranks(report: Report, known: Progress) -> bool:
    if _rank(report.status) != _rank(known.status):
        return _rank(report.status) > _rank(known.status)
    if report.status == known.status or None in {report.sequence, known.sequence}:
        return False
    return (report.sequence or 0) > (known.sequence or 0)


def _rank(status: CallStatus) -> int:
    if status in FINAL_STATUSES:
        return 2
    return 1 if status == CallStatus.IN_PROGRESS else 0


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else min(one, other)


def _higher(one: int | None, other: int | None) -> int | None:
    given = [number for number in (one, other) if number is not None]
    return max(given, default=None)
