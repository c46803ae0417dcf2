"""Audio of calls on the disk: from the process that hears it until somebody has stored it.

A call's file grows while the call runs. Whoever stores it sets it aside first under a name of its
own, so that what is written late, perhaps by another process, goes to a new file. What is set aside
stays until it is stored, whoever does that: nobody has to wait for one that is slow or dead.
"""

import errno
import fcntl
import os
import time
import uuid
from contextlib import suppress
from io import FileIO
from pathlib import Path

from django.conf import settings

WRITER_WAITS_SECONDS = 1.0
"""For whoever moves the file aside, which takes no time; the audio is kept and tried again then."""
LOOK_SECONDS = 0.01


def spool_path(call_id: uuid.UUID) -> Path:
    """Where a running call's audio grows: raw mu-law, both channels interleaved."""
    return _folder() / f"{call_id}.mulaw"


def files() -> list[Path]:
    """All files of all calls; up to its first dot a name is the call's id."""
    return [*_folder().glob("*.mulaw"), *_folder().glob("*.aside")]


def call_ids() -> set[uuid.UUID]:
    """The calls whose audio waits here."""
    found = set()
    for file in files():
        with suppress(ValueError):  # no file of ours
            found.add(uuid.UUID(file.name.partition(".")[0]))
    return found


def holds(call_id: uuid.UUID) -> bool:
    """Whether a call's audio waits here."""
    return any(file.exists() for file in _files(call_id))


def has_rested(call_id: uuid.UUID, seconds: float) -> bool:
    """Whether there is audio of a call, and nobody has written any for so long."""
    written_at = []
    for file in _files(call_id):
        with suppress(FileNotFoundError):
            written_at.append(file.stat().st_mtime)
    return bool(written_at) and time.time() - max(written_at) > seconds


def drop(call_id: uuid.UUID) -> None:
    """Forget a call's audio."""
    for file in _files(call_id):
        file.unlink(missing_ok=True)


def append(spool: Path, audio: bytearray) -> None:
    """Put audio behind what is written: all of it, or on a full disk nothing. Raises OSError."""
    with _opened(spool) as file:
        size = os.fstat(file.fileno()).st_size
        try:
            _write_whole(file, audio)
        except OSError:
            os.truncate(file.fileno(), size)
            raise


def set_aside(call_id: uuid.UUID) -> list[Path]:
    """What is to be stored of a call, in order; whoever has stored one removes it. Raises OSError.

    What is being written at this very moment is left for the next time.
    """
    spool = spool_path(call_id)
    with suppress(FileNotFoundError, BlockingIOError), _locked(spool, "rb+"):
        spool.rename(_folder() / f"{call_id}.{time.time_ns()}.aside")
    return _aside(call_id)


def _opened(spool: Path) -> FileIO:
    """A spool file to add to, locked."""
    until = time.monotonic() + WRITER_WAITS_SECONDS
    while True:
        try:
            return _locked(spool, "ab")
        except FileNotFoundError:
            spool.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except BlockingIOError:
            if time.monotonic() > until:
                raise
            time.sleep(LOOK_SECONDS)


def _locked(path: Path, mode: str) -> FileIO:
    """A file that nobody else has locked, until it is closed; not buffered, to tell errors at once.

    Its mode has to let it write: NFS locks no other. Raises BlockingIOError for one that somebody
    has locked or moved away, and other OSErrors.
    """
    file = FileIO(path, mode, opener=_open_private)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _check_that_it_stands(path, file)
    except BaseException:
        file.close()
        raise
    return file


def _check_that_it_stands(path: Path, file: FileIO) -> None:
    with suppress(FileNotFoundError):
        if os.path.samestat(path.stat(), os.fstat(file.fileno())):
            return
    raise BlockingIOError(errno.EWOULDBLOCK, "Moved away meanwhile.")


def _write_whole(file: FileIO, audio: bytearray) -> None:
    if file.write(audio) < len(audio):
        raise OSError(errno.ENOSPC, "Not all of it found room.")


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)


def _files(call_id: uuid.UUID) -> list[Path]:
    return [spool_path(call_id), *_aside(call_id)]


def _aside(call_id: uuid.UUID) -> list[Path]:
    return sorted(_folder().glob(f"{call_id}.*.aside"))


def _folder() -> Path:
    folder: Path = settings.VAR_DIR / "spool"
    return folder
