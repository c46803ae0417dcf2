"""What the owner's home says in figures: the calls of today and of the last seven days."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q
from django.utils import timezone

from accounts.models import User
from telephony import call_log
from telephony.models import Call, CallPurpose, Direction
from voicemail.models import Message, Urgency

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Calls that came in; `today` counts every one, by the owner's midnight."""

    today: int
    answered: int
    messages: int
    urgent: int
    missed: int


def figures_of(user: User) -> Figures:
    """Count in the owner's time zone, which is the current one; needs the owner's scope."""
    now = timezone.localtime()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    taken = Q(end_reason__in=(*call_log.ANSWERED, *call_log.VOICEMAIL))
    calls = Call.objects.for_user(user).filter(
        direction=Direction.INBOUND,
        purpose=CallPurpose.CONVERSATION,
        started_at__gt=now - WEEK,
    )
    counted = calls.aggregate(
        today=Count("id", filter=Q(started_at__gte=midnight)),
        answered=Count("id", filter=taken),
        missed=Count("id", filter=~taken & Q(ended_at__isnull=False)),
    )
    messages = Message.objects.for_user(user).filter(started_at__gt=now - WEEK)
    left = messages.aggregate(
        messages=Count("id"), urgent=Count("id", filter=Q(urgency=Urgency.HIGH))
    )
    return Figures(**counted, **left)
