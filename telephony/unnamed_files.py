"""Files of recordings from before a row names them until after one did.

Each is noted before it is written, and forgotten once a recording names it or it is deleted: a
crash in between leaves a row that says what is to be deleted. Only names that were noted are
deleted, and nothing is listed, whatever else the storage holds.
"""

import contextlib
import logging
import time
import uuid
from datetime import UTC, datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from accounts.database_faults import PASSES
from accounts.row_security import service_scope
from telephony import audio_storage
from telephony.models import Call, Recording, UnnamedFile

logger = logging.getLogger(__name__)

# Whoever is still at a file is done with it by then, however slow the storage is.
KEPT = timedelta(hours=1)
AT_ONCE = 500
# A storage that does not answer keeps other chores waiting no longer than this, and one file.
ROUND_SECONDS = 30.0
# Noted as long ago as this is what `delete_left` has taken up: nothing may name it any more.
_TAKEN_UP = datetime(1970, 1, 1, tzinfo=UTC)


def write(recording: Recording, content: bytes) -> None:
    """Give a recording a new file, which no row names yet.

    Raises OSError; what a full disk took of it does not stay.
    """
    name = recording.file.field.generate_filename(recording, "call.wav")
    with service_scope():
        UnnamedFile.objects.create(name=name, call_id=recording.call_id)
    try:
        recording.file = audio_storage.save(name, content)
    except OSError:
        delete(name)
        raise


def swap(call_id: uuid.UUID, *, named: str, unnamed: str) -> bool:
    """A recording names one file now, and another one (blank: none) no longer.

    For the transaction that saves the recording. False when `delete_left` has taken the file up
    meanwhile, because it was long in coming or a clock is wrong: then nothing may name it.
    """
    noted = UnnamedFile.objects.filter(name=named, since__gt=_TAKEN_UP)
    was_noted = bool(noted.delete()[0])
    if unnamed:
        UnnamedFile.objects.create(name=unnamed, call_id=call_id)
    return was_noted


def delete(name: str) -> None:
    """Delete a file that no recording names. Where that fails, `delete_left` does it later."""
    try:
        audio_storage.delete(name)
    except OSError:
        logger.exception("file not deleted yet")
        return
    with contextlib.suppress(*PASSES), service_scope():
        UnnamedFile.objects.filter(name=name).delete()


def delete_of(call: Call) -> None:
    """Delete what there is of a call; whoever is writing just now is noted still.

    Raises OSError.
    """
    with service_scope():
        names = list(UnnamedFile.objects.filter(call=call).values_list("name", flat=True))
    for name in names:
        audio_storage.delete(name)


def delete_left(*, now: datetime, round_seconds: float = ROUND_SECONDS) -> int:
    """Delete what crashes have left, as far as a round gets; how many files that may have been."""
    until = time.monotonic() + round_seconds
    # Also what was written by a clock that was ahead.
    is_left = Q(since__lt=now - KEPT) | Q(since__gt=now + KEPT)
    with service_scope():
        left = UnnamedFile.objects.filter(is_left).order_by("?")
        names = list(left.values_list("name", flat=True)[:AT_ONCE])
    count = 0
    for name in names:
        if time.monotonic() > until:
            break
        if _take_up(name):
            delete(name)
            count += 1
    return count


def _take_up(name: str) -> bool:
    """Whether the file is still unnamed, and stays so: whoever is about to name it may not."""
    naming = Recording.objects.filter(call=OuterRef("call"), file=OuterRef("name"))
    with service_scope():
        unnamed = UnnamedFile.objects.filter(~Exists(naming), name=name)
        return bool(unnamed.update(since=_TAKEN_UP))
