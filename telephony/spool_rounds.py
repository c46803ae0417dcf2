"""Going through files that wait for the database: whose fault it is decides what becomes of each.

Where the database is away a round ends. What it refuses of one file waits, and so does what came
later about the same call, while the others go on: a database may be read-only for an hour, or not
migrated yet. A file is set aside for its own fault, or once the database has refused it for a day.
"""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from django.db import Error

from accounts.database_faults import IS_AWAY, OWN_FAULTS

logger = logging.getLogger(__name__)

REFUSED_FOR = timedelta(days=1)


class _NotSetAside(OSError):
    """A file that is wrong by itself and stays in the way: nothing has to wait for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of file: its name in the log, whose call it is about, and what is done with it."""

    name: str
    failure: str
    call_of: Callable[[Path], str]
    take: Callable[[Path], bool]
    set_aside: Callable[[Path], object]


def go_through(files: Iterable[Path], kind: Kind, *, limit: int | None = None) -> int:
    """Take one file after the other; how many were done with, at most `limit`.

    What the disk does not give now, or does not let go, stays for the next time, as does what came
    later about the same call.
    """
    done = 0
    stuck: dict[str, list[tuple[Path, Exception]]] = {"disk": [], "database": []}
    waiting_calls: set[str] = set()
    for file in files:
        if done == limit:
            break
        if kind.call_of(file) in waiting_calls:
            continue
        try:
            done += _is_done_with(file, kind)
        except IS_AWAY:
            logger.warning(f"{kind.name} wait for the database", exc_info=True)
            break
        except _NotSetAside as error:
            stuck["disk"].append((file, error))
        except OSError as error:
            stuck["disk"].append((file, error))
            waiting_calls.add(kind.call_of(file))
        except Error as error:
            stuck["database"].append((file, error))
            waiting_calls.add(kind.call_of(file))
    for whose, files_and_errors in stuck.items():
        if files_and_errors:
            first, why = files_and_errors[0]
            facts = {"count": len(files_and_errors), "file": first.name}
            logger.error(f"{kind.name} wait for the {whose}", extra=facts, exc_info=why)
    return done


def _is_done_with(file: Path, kind: Kind) -> bool:
    """Whether a file was taken or set aside. Raises OSError, and django.db.Error if it waits."""
    try:
        return kind.take(file)
    except (OSError, *IS_AWAY):
        raise
    except Exception as error:
        # The outermost loop of one file: torn or refused, the others go on.
        if isinstance(error, Error) and not isinstance(error, OWN_FAULTS) and _is_recent(file):
            raise
        logger.exception(kind.failure, extra={"file": file.name})
        try:
            kind.set_aside(file)
        except OSError as error:
            raise _NotSetAside(*error.args) from error
        return True


def _is_recent(file: Path) -> bool:
    """Raises OSError."""
    return time.time() - file.stat().st_mtime < REFUSED_FOR.total_seconds()
