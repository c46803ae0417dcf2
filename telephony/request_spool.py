"""What the carrier told us while the database was away, one file per request, until replayed.

Only requests whose signature was valid come here, so replaying does not check it again: the token
may have changed in between.
"""

import itertools
import json
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from telephony import spool_files
from telephony.errors import SpoolFull, TornRequest

logger = logging.getLogger(__name__)

# With the 64 KiB that a request may have at most, 320 MiB; usual ones have 1 KiB.
MAX_REQUESTS = 5_000
_NAME = re.compile(r"\d{20}-\d{6}-\d+-\w*\.json")
_numbers = itertools.count()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRequest:
    """One request: the path with its query, the form as it was sent, and when it came."""

    path: str
    body: str
    call_sid: str
    came_at: datetime


def keep(request: KeptRequest, *, limit: int = MAX_REQUESTS) -> None:
    """Write a request down; when this returns it outlives a crash. Raises OSError, SpoolFull."""
    folder = _folder()
    if sum(1 for _ in _names(folder)) >= limit:
        raise SpoolFull
    nanoseconds = int(request.came_at.timestamp() * 1_000_000) * 1_000
    name = f"{nanoseconds:020d}-{next(_numbers) % 1_000_000:06d}-{os.getpid()}-{request.call_sid}"
    spool_files.write(folder, name, _encoded(request))


def holds(call_sid: str) -> bool:
    """Whether requests about this call wait here; what comes later must wait behind them."""
    try:
        return any(name.endswith(f"-{call_sid}.json") for name in _names(settings.SPOOL_DIR))
    except OSError:
        # Not there yet; or in a state in which nothing in it could be replayed either.
        return False


def waiting() -> list[Path]:
    """The files of all requests that wait, in the order in which they came."""
    folder = _folder()
    return [folder / name for name in sorted(_names(folder))]


def call_sid_of(file: Path) -> str:
    """The call that the request in this file is about, by the file's name."""
    return file.stem.rpartition("-")[2]


def read(file: Path) -> KeptRequest:
    """The request in a file.

    Raises TornRequest, FileNotFoundError after another worker, and OSError of a failing disk.
    """
    try:
        fields = json.loads(file.read_bytes())
        return KeptRequest(
            path=str(fields["path"]),
            body=str(fields["body"]),
            call_sid=str(fields["call_sid"]),
            came_at=datetime.fromisoformat(fields["came_at"]),
        )
    except (ValueError, TypeError, KeyError) as error:
        raise TornRequest from error


def forget(file: Path) -> None:
    """The request has been replayed."""
    file.unlink(missing_ok=True)


def set_aside(file: Path) -> None:
    """Move a request that cannot be replayed out of the way, for people to look at."""
    spool_files.set_aside(file)
    logger.error("kept request set aside", extra={"file": file.name})


def drop(call_sid: str) -> None:
    """Forget every request about an erased call, also those that could not be replayed.

    Raises OSError.
    """
    for folder in (settings.SPOOL_DIR, settings.SPOOL_DIR / spool_files.ASIDE):
        for file in folder.glob(f"*-{call_sid}.json"):
            file.unlink(missing_ok=True)


def forget_old(*, now: datetime) -> int:
    """Delete requests set aside long ago, and what crashes left half written; how many files."""
    return spool_files.forget_old(_folder(), now=now)


def _folder() -> Path:
    folder: Path = settings.SPOOL_DIR
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _names(folder: Path) -> Iterator[str]:
    return (file.name for file in folder.iterdir() if _NAME.fullmatch(file.name))


def _encoded(request: KeptRequest) -> bytes:
    fields = {
        "path": request.path,
        "body": request.body,
        "call_sid": request.call_sid,
        "came_at": request.came_at.astimezone(UTC).isoformat(),
    }
    return json.dumps(fields).encode()
