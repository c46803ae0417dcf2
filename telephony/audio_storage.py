"""The storage of recordings, whichever settings name: it gives and takes files, or is away.

A storage elsewhere raises what its client raises. Whoever waits for a storage catches OSError, so
everything else becomes one here.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager

from django.core.files.base import ContentFile
from django.core.files.storage import Storage

from telephony.models import Recording

CHUNK_BYTES = 64 * 1024


class StorageFailed(OSError):
    """The storage has not done what it was asked for."""


def read(recording: Recording) -> bytes:
    """The whole file of a recording. Raises OSError."""
    with _asked(), recording.file.open() as file:
        content: bytes = file.read()
    return content


def size_of(recording: Recording) -> int:
    """The size of a recording's file in bytes. Raises OSError."""
    with _asked():
        size: int = recording.file.size
    return size


def read_part(recording: Recording, *, start: int, length: int) -> Generator[bytes, None, None]:
    """`length` bytes of a recording's file from `start`, piece by piece. Raises OSError.

    Asks for nothing until the first piece is taken, and holds the file open until it is closed.
    """
    name = str(recording.file.name)
    with _asked(), recording.file.storage.open(name, "rb") as file:
        file.seek(start)
        while length and (piece := file.read(min(CHUNK_BYTES, length))):
            length -= len(piece)
            yield piece


def save(name: str, content: bytes) -> str:
    """Write a file; under which name it is there. Raises OSError."""
    with _asked():
        return _storage().save(name, ContentFile(content))


def delete(name: str) -> None:
    """Delete a file, which may be gone already. Raises OSError."""
    with _asked():
        _storage().delete(name)


@contextmanager
def _asked() -> Iterator[None]:
    try:
        yield
    except OSError:
        raise
    except Exception as error:
        raise StorageFailed(f"{type(error).__name__}: {error}") from error


def _storage() -> Storage:
    storage: Storage = Recording._meta.get_field("file").storage
    return storage
