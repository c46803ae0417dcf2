"""The owner's inbox: what is in it, who waits, what was read."""

import uuid
from datetime import datetime

from django.db.models import Count, Q

from accounts.models import User
from telephony.models import Recording
from voicemail.models import PREPARED_STAGES, Message, MessageQuerySet

MESSAGES_PER_PAGE = 25


def messages_of(user: User) -> MessageQuerySet:
    """The owner's messages, the latest first, with all that a row shows."""
    return (
        Message.objects.for_user(user)
        .select_related("call__number", "call__recording")
        .order_by("-call__started_at", "-id")
    )


def find_message(*, user: User, message_id: uuid.UUID) -> Message:
    """One of the owner's messages. Raises Message.DoesNotExist, also for somebody else's."""
    return messages_of(user).get(id=message_id)


def people_waiting(user: User) -> int:
    """How many callers have left something unread; every withheld number counts as one person."""
    unread = Message.objects.for_user(user).unread()
    counted = unread.aggregate(
        withheld=Count("id", filter=Q(call__caller_withheld=True)),
        known=Count("call__from_number", filter=Q(call__caller_withheld=False), distinct=True),
    )
    return int(counted["withheld"] + counted["known"])


def mark_read(*, message: Message, now: datetime) -> None:
    """The owner has opened the message; the first time counts."""
    Message.objects.filter(id=message.id, read_at__isnull=True).update(read_at=now)
    message.read_at = message.read_at or now


def mark_unread(*, message: Message) -> None:
    """The owner wants to come back to the message."""
    Message.objects.filter(id=message.id).update(read_at=None)
    message.read_at = None


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
    """One line that says what the message is about."""
    if message.reason or message.summary:
        return message.reason or message.summary
    if not is_prepared(message):
        return "Just came in, still being prepared."
    recording = recording_of(message)
    if recording is None:
        return "Hung up without leaving a message."
    return f"Left a message of {round(recording.duration_ms / 1000)} seconds."
