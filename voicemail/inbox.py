"""The owner's inbox: what is in it, who waits, what was read, put away or deleted."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import models, transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User
from agent.brief import CallType
from telephony.cursors import Slice, slice_of
from telephony.models import Recording
from voicemail.models import PREPARED_STAGES, Contact, Message, MessageQuerySet, Urgency
from voicemail.retention import kept_until
from voicemail.searching import matching
from voicemail.summaries import NAME_LENGTH, one_line

MESSAGES_PER_PAGE = 25
# A deleted message can be taken back for so long.
UNDO_PERIOD = timedelta(hours=1)
# So many unread messages are looked at together for the people who left them.
LOOKED_AT = 20


class Show(models.TextChoices):
    """Which part of the inbox is looked at."""

    ALL = "all", "All"
    UNREAD = "unread", "Unread"
    VOICEMAIL = "voicemail", "Voicemail"
    CALLS = "calls", "Calls"
    ARCHIVED = "archived", "Archive"


def look_through(user: User, *, show: Show = Show.ALL, search: str = "") -> MessageQuerySet:
    """One part of the inbox, the latest first; a search also finds what is in the archive."""
    found = matching(Message.objects.for_user(user), search).order_by("-started_at", "-id")
    match show:
        case Show.ARCHIVED:
            return found.filter(archived_at__isnull=False)
        case Show.UNREAD:
            return found.unread()
        case Show.VOICEMAIL:
            found = found.filter(call__call_type=CallType.VOICEMAIL.value)
        case Show.CALLS:
            found = found.filter(call__call_type=CallType.LIVE.value)
    return found if search.strip() else found.filter(archived_at__isnull=True)


def page_of(
    found: MessageQuerySet, *, cursor: str = "", limit: int = MESSAGES_PER_PAGE
) -> Slice[Message]:
    """One page of them, with all that a row shows; blank `cursor` is the newest. Raises BadCursor.

    The rows of a page are chosen first: on the way to a page far back nothing is joined.
    """
    chosen = found.only("id", "started_at")
    page = slice_of(chosen, moment="started_at", cursor=cursor, limit=limit)
    return replace(page, rows=_in_detail([row.id for row in page.rows]))


def first_of(found: MessageQuerySet, count: int) -> list[Message]:
    """The first `count` of them, with all that a row shows."""
    return _in_detail(list(found.values_list("id", flat=True)[:count]))


def _in_detail(ids: list[uuid.UUID]) -> list[Message]:
    rows = with_details(Message.objects.all()).in_bulk(ids)
    return [rows[message_id] for message_id in ids if message_id in rows]


def with_details(messages: MessageQuerySet) -> MessageQuerySet:
    """The same, each with its call, number and recording."""
    return _joined(messages).defer("search_text")


def _joined(messages: MessageQuerySet) -> MessageQuerySet:
    return messages.select_related("call__number", "call__recording", "owner__keeping_preference")


def find_message(*, user: User, message_id: uuid.UUID) -> Message:
    """One of the owner's messages. Raises Message.DoesNotExist, also for somebody else's."""
    return _joined(Message.objects.for_user(user)).get(id=message_id)


def find_deleted(*, user: User, message_id: uuid.UUID) -> Message:
    """One that the owner has deleted and can take back. Raises Message.DoesNotExist."""
    rows = Message.objects.deleted_for_user(user).select_related("call__number")
    return rows.get(id=message_id, deleted_at__gt=timezone.now() - UNDO_PERIOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many callers have left something unread, and how many of them are urgent."""

    people: int
    urgent: int
    messages: int


def who_waits(user: User) -> Waiting:
    """Count the people who wait; every withheld number counts as one person."""
    is_known, is_urgent = Q(call__caller_withheld=False), Q(urgency=Urgency.HIGH)
    counted = (
        Message.objects.for_user(user)
        .unread()
        .aggregate(
            messages=Count("id"),
            withheld=Count("id", filter=~is_known),
            known=Count("call__from_number", filter=is_known, distinct=True),
            urgent_withheld=Count("id", filter=~is_known & is_urgent),
            urgent_known=Count("call__from_number", filter=is_known & is_urgent, distinct=True),
        )
    )
    return Waiting(
        people=int(counted["withheld"] + counted["known"]),
        urgent=int(counted["urgent_withheld"] + counted["urgent_known"]),
        messages=int(counted["messages"]),
    )


def first_who_wait(user: User, count: int) -> list[Message]:
    """The first `count` of the people who wait, with the latest message of each.

    Urgent messages come before the others, the latest first; people are told apart as in
    `who_waits`.
    """
    unread = Message.objects.for_user(user).unread().order_by("-started_at", "-id")
    is_urgent, is_shown = Q(urgency=Urgency.HIGH), Q(id__in=[])
    latest: dict[uuid.UUID | str, uuid.UUID] = {}
    for waiting in (unread.filter(is_urgent), unread.exclude(is_urgent)):
        callers = waiting.values_list("id", "call__caller_withheld", "call__from_number")
        while len(latest) < count and (next_ones := callers.exclude(is_shown)[:LOOKED_AT]):
            for message_id, is_withheld, number in next_ones:
                latest.setdefault(message_id if is_withheld else number, message_id)
            known = [caller for caller in latest if isinstance(caller, str)]
            hers = Q(call__caller_withheld=False, call__from_number__in=known)
            is_shown = hers | Q(id__in=latest.values())
    return _in_detail(list(latest.values())[:count])


def has_had_messages(user: User) -> bool:
    """Whether somebody has ever left this owner one, wherever it is now."""
    return Message.objects.filter(owner=user).exists()


def mark_read(*, message: Message, now: datetime) -> None:
    """The owner has opened the message; the first time counts."""
    Message.objects.filter(id=message.id, read_at__isnull=True).update(read_at=now)
    message.read_at = message.read_at or now


def mark_unread(*, message: Message) -> None:
    """The owner wants to come back to the message."""
    Message.objects.filter(id=message.id).update(read_at=None)
    message.read_at = None


def archive(*, message: Message, now: datetime) -> None:
    """The owner is done with the message; again, the same."""
    Message.objects.filter(id=message.id, archived_at__isnull=True).update(archived_at=now)
    message.archived_at = message.archived_at or now


def unarchive(*, message: Message) -> None:
    """Back into the inbox."""
    Message.objects.filter(id=message.id).update(archived_at=None)
    message.archived_at = None


def delete(*, message: Message, now: datetime) -> None:
    """Out of sight at once; erased by the worker when the time to take it back is over."""
    Message.objects.filter(id=message.id, deleted_at__isnull=True).update(deleted_at=now)


def restore(*, message: Message) -> None:
    """The owner did not mean to delete it; after the time for that it may be half erased."""
    in_time = Message.objects.filter(deleted_at__gt=timezone.now() - UNDO_PERIOD)
    in_time.filter(id=message.id, erased_at__isnull=True).update(deleted_at=None)


@transaction.atomic
def name_caller(*, user: User, message: Message, name: str) -> None:
    """Write down who called. All messages from the number carry the name, and later calls too.

    A blank name forgets it.
    """
    name = one_line(name)[:NAME_LENGTH].strip()
    same = Message.objects.for_user(user).filter(id=message.id)
    if not message.call.caller_withheld and message.call.from_number:
        number = message.call.from_number
        contacts = Contact.objects.filter(owner=user, phone_number=number[:16])
        if name:
            Contact.objects.update_or_create(
                owner=user, phone_number=number[:16], defaults={"name": name}
            )
        else:
            contacts.delete()
        same = Message.objects.for_user(user).filter(call__from_number=number)
    _rename(same, name)
    message.caller_name = name


def _rename(messages: MessageQuerySet, name: str) -> None:
    """The name is also what a search finds: it goes in front of the text."""
    for message in messages.only("id", "caller_name", "search_text"):
        old = message.caller_name.casefold()
        text = message.search_text
        if old and text.startswith(f"{old}\n"):
            text = text.removeprefix(f"{old}\n")
        message.search_text = f"{name.casefold()}\n{text}" if name else text
        message.caller_name = name
        message.save(update_fields=["caller_name", "search_text"])


def recording_of(message: Message) -> Recording | None:
    """The message's audio, None while there is none."""
    try:
        return message.call.recording
    except Recording.DoesNotExist:
        return None


def is_prepared(message: Message) -> bool:
    """All of it can be read; the worker has at most to tell the owner."""
    return message.stage in PREPARED_STAGES


def gist(message: Message) -> str:
    """One line that says what the message is about, or why it can no longer say it."""
    if message.words_erased_at is not None:
        return _words_gone(message, message.words_erased_at)
    if message.reason or message.summary:
        return message.reason or message.summary
    if not is_prepared(message):
        return "Just came in, still being prepared."
    recording = recording_of(message)
    if recording is None:
        return "Hung up without leaving a message."
    return f"Left a message of {round(recording.duration_ms / 1000)} seconds."


def _words_gone(message: Message, erased_at: datetime) -> str:
    days = max((erased_at - message.started_at).days, 1)
    gone = f"The words were erased after {days} day{'' if days == 1 else 's'}"
    if recording_of(message) is None:
        return f"{gone}."
    until = date_format(timezone.localtime(kept_until(message)), "j F Y")
    return f"{gone}; the recording is kept until {until}."
