"""Whether an owner is told of a message now, later or not at all: a pure decision."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum, auto


class Told(Enum):
    """When the owner is told."""

    NOW = auto()
    LATER = auto()
    NEVER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What an owner wants to hear of, and when not; `quiet_from` may lie after `quiet_until`."""

    all_messages: bool = True
    urgent_messages: bool = True
    quiet_from: time | None = None
    quiet_until: time | None = None
    urgent_passes: bool = True


def decide(wishes: Wishes, *, is_urgent: bool, now: datetime) -> tuple[Told, datetime]:
    """Whether to tell, and from when on; `now` is in the owner's zone."""
    if not (wishes.all_messages or (is_urgent and wishes.urgent_messages)):
        return Told.NEVER, now
    until = _quiet_until(wishes, now)
    if until is None or (is_urgent and wishes.urgent_passes):
        return Told.NOW, now
    return Told.LATER, until


def _quiet_until(wishes: Wishes, now: datetime) -> datetime | None:
    """The end of the quiet hours that `now` lies in; None outside of them."""
    start, end = wishes.quiet_from, wishes.quiet_until
    if start is None or end is None or start == end:
        return None
    at = now.time()
    is_quiet = start <= at < end if start < end else at >= start or at < end
    if not is_quiet:
        return None
    day = now.date() if at < end else now.date() + timedelta(days=1)
    return datetime.combine(day, end, tzinfo=now.tzinfo)
