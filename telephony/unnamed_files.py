"""Files of recordings from before a row names them until after one did.

Each is noted before it is written, and forgotten once a recording names it or it is deleted: a
crash in between leaves a row that says what is to be deleted. Only names that were noted are
deleted, and nothing is listed, whatever else the storage holds.
"""

import contextlib
import logging
import uuid
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db import InterfaceError, OperationalError

from accounts.row_security import service_scope
from telephony.models import Call, Recording, UnnamedFile

logger = logging.getLogger(__name__)

# Whoever is still at a file is done with it by then, however slow the storage is.
KEPT = timedelta(hours=1)
AT_ONCE = 500


def write(recording: Recording, content: bytes) -> None:
    """Give a recording a new file, which no row names yet.

    Raises OSError; what a full disk took of it does not stay.
    """
    name = recording.file.field.generate_filename(recording, "call.wav")
    with service_scope():
        UnnamedFile.objects.create(name=name, call_id=recording.call_id)
    try:
        recording.file = _storage().save(name, ContentFile(content))
    except OSError:
        delete(name)
        raise


def swap(call_id: uuid.UUID, *, named: str, unnamed: str) -> None:
    """A recording names one file now, and another one (blank: none) no longer.

    For the transaction that saves the recording.
    """
    UnnamedFile.objects.filter(name=named).delete()
    if unnamed:
        UnnamedFile.objects.create(name=unnamed, call_id=call_id)


def delete(name: str) -> None:
    """Delete a file that no recording names. Where that fails, `delete_left` does it later."""
    try:
        _storage().delete(name)
    except OSError:
        logger.exception("file not deleted yet")
        return
    with contextlib.suppress(OperationalError, InterfaceError), service_scope():
        UnnamedFile.objects.filter(name=name).delete()


def delete_of(call: Call) -> None:
    """Delete what there is of a call; whoever is writing just now is noted still.

    Raises OSError.
    """
    with service_scope():
        names = list(UnnamedFile.objects.filter(call=call).values_list("name", flat=True))
    for name in names:
        _storage().delete(name)


def delete_left(*, now: datetime) -> int:
    """Delete what crashes have left; how many files that may have been."""
    with service_scope():
        left = UnnamedFile.objects.filter(since__lt=now - KEPT).order_by("?")
        names = list(left.values_list("name", flat=True)[:AT_ONCE])
    for name in names:
        delete(name)
    return len(names)


def _storage() -> Storage:
    storage: Storage = Recording._meta.get_field("file").storage
    return storage
