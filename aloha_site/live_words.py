"""What is said on a running call, line by line, as its page shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from agent.session import Role, TranscriptSource
from telephony import call_events
from telephony.call_events import EventKind
from telephony.models import FINAL_STATUSES, Call, CallEvent, Direction, TranscriptLine

START = -1
"""Before the first line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLine:
    """One finished line: `at_s` counts from the first ring; `unheard` was cut off."""

    position: int
    at_s: int
    is_caller: bool
    said: str
    unheard: str
    is_unwritten: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """The lines since the last look, what the agent is saying, and whether the call is over."""

    lines: Sequence[LiveLine]
    being_said: str
    is_over: bool


def other_side(call: Call, *, name: str = "") -> str:
    """What the person at the other end is called beside her lines: her first name if known."""
    if name.strip():
        return name.split()[0]
    return "Caller" if call.direction == Direction.INBOUND else "Called"


def news_of(call_id: UUID, *, after: int = START) -> News:
    """What was said behind the line at position `after`; needs a scope that shows the call."""
    is_over = not Call.objects.filter(id=call_id).exclude(status__in=FINAL_STATUSES).exists()
    rows = TranscriptLine.objects.filter(call_id=call_id, position__gt=after).order_by("position")
    lines = list(rows)
    start_s = _stream_start_s(call_id) if lines else 0
    return News(
        lines=[_line(row, start_s) for row in lines],
        being_said="" if is_over else call_events.being_said(call_id),
        is_over=is_over,
    )


def _line(row: TranscriptLine, start_s: float) -> LiveLine:
    return LiveLine(
        position=row.position,
        at_s=round(start_s + row.start_ms / 1_000),
        is_caller=row.role == Role.CALLER,
        said=row.heard_text,
        unheard=row.unheard_text,
        is_unwritten=row.source == TranscriptSource.NONE,
    )


def _stream_start_s(call_id: UUID) -> float:
    """When the conversation began; 0 until the carrier has reported it."""
    started = (
        CallEvent.objects.filter(call_id=call_id, kind=EventKind.STREAM_STARTED)
        .order_by("received_at")
        .values_list("received_at", "call__started_at")
        .first()
    )
    return max(0.0, (started[0] - started[1]).total_seconds()) if started else 0.0
