"""Long lists in pages that stay put while rows are added: each page starts behind a row.

A cursor is that row's time and id. Rows come newest first; which of two of the same moment is
first is decided by their ids.
"""

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet

from telephony.errors import BadCursor

M = TypeVar("M", bound=Model)

_CURSOR = re.compile(r"(older|newer)-([0-9]{1,18})-([0-9a-f]{32})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST_ID, _LAST_ID = uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(Generic[M]):
    """Some rows of a list, and the cursors of what comes before and after; blank where nothing."""

    rows: list[M]
    newer: str
    older: str


def slice_of(rows: QuerySet[M], *, moment: str, cursor: str, limit: int) -> Slice[M]:
    """A page of `rows`, whose field `moment` says when; blank `cursor` is the newest page.

    Where all rows are gone it is empty and leads back. Raises BadCursor.
    """
    if not cursor:
        found, more = _take(rows.order_by(f"-{moment}", "-id"), limit)
        return _slice(found, moment, has_newer=False, has_older=more)
    way, at, row_id = _read(cursor)
    if way == "older":
        beyond = rows.filter(_beyond(moment, "lt", at, row_id)).order_by(f"-{moment}", "-id")
        found, more = _take(beyond, limit)
        page = _slice(found, moment, has_newer=True, has_older=more)
    else:
        beyond = rows.filter(_beyond(moment, "gt", at, row_id)).order_by(moment, "id")
        found, more = _take(beyond, limit)
        page = _slice(found[::-1], moment, has_newer=more, has_older=True)
    return page if found else _emptied(way, at)


def _emptied(way: str, at: datetime) -> Slice[M]:
    """All that stood there is gone; the way back leads by what was beside it."""
    if way == "older":
        return Slice(rows=[], newer=_cursor("newer", _since_epoch(at) - 1, _LAST_ID), older="")
    return Slice(rows=[], newer="", older=_cursor("older", _since_epoch(at) + 1, _FIRST_ID))


def _take(rows: QuerySet[M], limit: int) -> tuple[list[M], bool]:
    """The first rows, and whether there are more."""
    found = list(rows[: limit + 1])
    return found[:limit], len(found) > limit


def _beyond(moment: str, than: str, at: datetime, row_id: uuid.UUID) -> Q:
    """Rows on one side of the cursor's; the first condition is the one an index can use."""
    same = Q(**{moment: at, f"id__{than}": row_id})
    return Q(**{f"{moment}__{than}e": at}) & (Q(**{f"{moment}__{than}": at}) | same)


def _slice(rows: list[M], moment: str, *, has_newer: bool, has_older: bool) -> Slice[M]:
    return Slice(
        rows=rows,
        newer=_write("newer", rows[0], moment) if rows and has_newer else "",
        older=_write("older", rows[-1], moment) if rows and has_older else "",
    )


def _write(way: str, row: Model, moment: str) -> str:
    return _cursor(way, _since_epoch(getattr(row, moment)), row.pk)


def _since_epoch(at: datetime) -> int:
    """In microseconds."""
    return (at - _EPOCH) // _MICROSECOND


def _cursor(way: str, microseconds: int, row_id: uuid.UUID) -> str:
    return f"{way}-{max(0, microseconds)}-{row_id.hex}"


def _read(cursor: str) -> tuple[str, datetime, uuid.UUID]:
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise BadCursor
    way, microseconds, row_id = match.groups()
    try:
        return way, _EPOCH + int(microseconds) * _MICROSECOND, uuid.UUID(row_id)
    except OverflowError as error:
        raise BadCursor from error
