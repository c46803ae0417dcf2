"""How often something may be done: counted in the database, so for all processes together."""

import math
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from telephony.errors import RateLimited
from telephony.models import UsageCounter

HOUR = timedelta(hours=1)


def take(kind: str, *, subject: str, limit: int, period: timedelta = HOUR) -> None:
    """Count one use of `kind` by `subject`; at most `limit` in each period of the clock.

    A use that is counted stays counted whatever comes of it, so this refuses to run inside another
    transaction.
    Raises RateLimited, which says when the next period begins.
    """
    now = timezone.now()
    start = _period_start(now, period)
    with transaction.atomic(durable=True):
        counters = UsageCounter.objects.filter(kind=kind, subject=subject)
        counters.filter(period_start__lt=start).delete()
        UsageCounter.objects.bulk_create(
            [UsageCounter(kind=kind, subject=subject, period_start=start)], ignore_conflicts=True
        )
        current = counters.filter(period_start=start, used__lt=limit)
        is_counted = current.update(used=F("used") + 1)
    if not is_counted:
        raise RateLimited(retry_after_s=math.ceil((start + period - now).total_seconds()))


def _period_start(now: datetime, period: timedelta) -> datetime:
    seconds = period.total_seconds()
    return datetime.fromtimestamp(now.timestamp() // seconds * seconds, tz=UTC)
