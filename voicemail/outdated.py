"""Erasing what the owner has deleted, and what has been kept long enough: some in every round.

Chance says which: those that always fail keep no others from their turn, and workers that do
their rounds at the same time seldom take the same.
"""

import logging
import math
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.database_faults import IS_AWAY
from accounts.models import User
from accounts.row_security import service_scope
from telephony import erasing as telephony_erasing
from telephony.models import Call, CarrierRecording, Recording
from voicemail.inbox import UNDO_PERIOD
from voicemail.message_erasing import erase_message, erase_words_of
from voicemail.models import KeepingPreference, Message
from voicemail.retention import days_of

logger = logging.getLogger(__name__)

AT_ONCE = 100
# Each of the three that ask the carrier: one that does not answer takes 10 s for every recording.
ROUND_SECONDS = 30.0

Row = TypeVar("Row", Message, Call)


def erase_deleted_messages() -> int:
    """Erase what was deleted and can no longer be taken back; how many messages."""
    deleted = _some_of(_deleted_for_good())
    until = time.monotonic() + ROUND_SECONDS
    return _each(filter(_is_not_brought_back, deleted), erase_message, until=until)


def _deleted_for_good() -> QuerySet[Message]:
    over = timezone.now() - UNDO_PERIOD
    return Message.objects.filter(deleted_at__lt=over, erased_at__isnull=True)


def _is_not_brought_back(message: Message) -> bool:
    """Asked right before it is erased: from now on nothing that comes of its call brings it back.

    What comes late locks the call too, so it either was here before or is refused.
    """
    with service_scope():
        Call.objects.select_for_update(no_key=True).filter(id=message.call_id).first()
        if not _deleted_for_good().filter(id=message.id).exists():
            return False
        telephony_erasing.refuse_audio(message.call)
    return True


def erase_what_came_late() -> int:
    """Erase what the carrier announced of calls whose audio is erased; of how many calls."""
    late = telephony_erasing.announced_after_erasure()
    until = time.monotonic() + ROUND_SECONDS
    return _each(late, telephony_erasing.erase_what_came_after, until=until)


def erase_what_is_old() -> int:
    """Erase audio and words that are older than their owners want to keep; how many times.

    Each has its own time: whichever goes first leaves the other.
    """
    now, count, until = timezone.now(), 0, time.monotonic() + ROUND_SECONDS
    for owner, audio_days, text_days in _keeping():
        # The audio first: of a message that loses both, the words need not be erased apart.
        with_audio = telephony_erasing.older_than(now - timedelta(days=audio_days), owner=owner)
        count += _each(with_audio, telephony_erasing.erase_audio, until=until)
        before = now - timedelta(days=text_days)
        count += _each(_some_of(_outdated_messages(owner, before)), erase_words_of)
        # Calls that the agent made, and checks, leave words and no message.
        with_words = telephony_erasing.with_words_older_than(before, owner=owner)
        count += _each(with_words, telephony_erasing.erase_words)
    return count


def _outdated_messages(owner: User, before: datetime) -> QuerySet[Message]:
    """Messages whose words are due, and those that lost their words first and now their audio."""
    words_due = Q(words_erased_at__isnull=True, started_at__lt=before)
    stored = Recording.objects.filter(call=OuterRef("call"))
    at_carrier = CarrierRecording.objects.filter(call=OuterRef("call"))
    all_gone = Q(~Exists(stored), ~Exists(at_carrier), words_erased_at__isnull=False)
    return Message.objects.filter(words_due | all_gone, owner=owner, erased_at__isnull=True)


def _keeping() -> list[tuple[User, int, int]]:
    """Every owner with a call that may be old enough, and her days."""
    with service_scope():
        chosen = {row.owner_id: row for row in KeepingPreference.objects.all()}
        days = {pk: days_of(row) for pk, row in chosen.items()}
        shortest = min((min(pair) for pair in days.values()), default=days_of(None)[0])
        horizon = timezone.now() - timedelta(days=min(shortest, *days_of(None)))
        old_calls = Call.objects.filter(owner=OuterRef("pk"), started_at__lt=horizon)
        owners = User.objects.filter(Exists(old_calls)).order_by("?")
        return [(owner, *days.get(owner.pk, days_of(None))) for owner in owners]


def _some_of(due: QuerySet[Message]) -> list[Message]:
    with service_scope():
        return list(due.select_related("call__number", "call__owner").order_by("?")[:AT_ONCE])


def _each(rows: Iterable[Row], erase: Callable[[Row], None], *, until: float = math.inf) -> int:
    """Erase one after the other, those that can be; how many. None is begun after `until`."""
    done = 0
    for row in rows:
        if time.monotonic() > until:
            break
        try:
            erase(row)
            done += 1
        except IS_AWAY:
            raise
        except Exception:
            # The outermost loop of one row: the carrier or the storage is away, or whatever it is.
            call_id = row.call_id if isinstance(row, Message) else row.id
            logger.exception("not erased", extra={"call": str(call_id)})
    return done
