"""Files that wait for the database: written whole or not at all, and not kept for ever."""

import contextlib
import os
from datetime import datetime, timedelta
from pathlib import Path

ASIDE = "unreadable"
# Callers' numbers and words stand in them: kept while somebody may still look into the fault.
ASIDE_KEPT = timedelta(days=30)
UNFINISHED_KEPT = timedelta(hours=1)
SUFFIX = ".json"


def write(folder: Path, name: str, content: bytes) -> None:
    """Write `name`.json, for us alone; when this returns it outlives a crash. Raises OSError.

    It gets its name when it is safe on the disk: a torn or refused write leaves all others whole.
    """
    unfinished = folder / f"{name}.part"
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(folder / f"{name}{SUFFIX}")
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise
    _sync(folder)


def set_aside(file: Path) -> None:
    """Move a file out of the way, for people to look at."""
    aside = file.parent / ASIDE
    aside.mkdir(mode=0o700, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):  # another worker was faster
        file.rename(aside / file.name)


def forget_old(folder: Path, *, now: datetime) -> int:
    """Delete what was set aside long ago, and what crashes left half written; how many files."""
    count = _delete_older(folder / ASIDE, f"*{SUFFIX}", than=now - ASIDE_KEPT)
    return count + _delete_older(folder, "*.part", than=now - UNFINISHED_KEPT)


def _delete_older(folder: Path, pattern: str, *, than: datetime) -> int:
    count = 0
    for file in folder.glob(pattern):
        with contextlib.suppress(FileNotFoundError):  # another worker was faster
            if file.stat().st_mtime < than.timestamp():
                file.unlink()
                count += 1
    return count


def _sync(folder: Path) -> None:
    """The new name has to be on the disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
