"""What the carrier told us while the database was away, one file per request, until replayed.

A request is written under a name of its own and moved into place when it is safe on the disk: a
torn or refused write leaves every other request whole. Only requests whose signature was valid
come here, so replaying does not check it again: the token may have changed in between.
"""

import contextlib
import itertools
import json
import logging
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings

from telephony.errors import SpoolFull, TornRequest

logger = logging.getLogger(__name__)

# With the 64 KiB that a request may have at most, 320 MiB; usual ones have 1 KiB.
MAX_REQUESTS = 5_000
ASIDE = "unreadable"
# Callers' numbers stand in them: kept for as long as somebody may still look into the fault.
ASIDE_KEPT = timedelta(days=30)
UNFINISHED_KEPT = timedelta(hours=1)
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
    unfinished = folder / f"{name}.part"
    try:
        _write(unfinished, _encoded(request))
        unfinished.rename(folder / f"{name}.json")
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    _sync_folder(folder)


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


def read(file: Path) -> KeptRequest:
    """The request in a file. Raises TornRequest, and FileNotFoundError after another worker."""
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
    aside = file.parent / ASIDE
    aside.mkdir(mode=0o700, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):  # another worker was faster
        file.rename(aside / file.name)
    logger.error("kept request set aside", extra={"file": file.name})


def forget_old(*, now: datetime) -> int:
    """Delete requests set aside long ago, and what crashes left half written; how many files."""
    count = _delete_older(_folder() / ASIDE, "*.json", than=now - ASIDE_KEPT)
    return count + _delete_older(_folder(), "*.part", than=now - UNFINISHED_KEPT)


def _delete_older(folder: Path, pattern: str, *, than: datetime) -> int:
    count = 0
    for file in folder.glob(pattern):
        with contextlib.suppress(FileNotFoundError):  # another worker was faster
            if file.stat().st_mtime < than.timestamp():
                file.unlink()
                count += 1
    return count


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


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """The new name has to be on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
