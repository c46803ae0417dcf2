"""The storage of recordings, whichever settings name: it gives and takes files, or is away.

A storage elsewhere raises what its client raises. Whoever waits for a storage catches OSError, so
everything else becomes one here.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.files.base import ContentFile
from django.core.files.storage import Storage

from telephony.models import Recording


class StorageFailed(OSError):
    """The storage has not done what it was asked for."""


def read(recording: Recording) -> bytes:
    """The whole file of a recording. Raises OSError."""
    with _asked(), recording.file.open() as file:
        content: bytes = file.read()
    return content


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
