"""Clearing away what has run out: sessions, the list of log-ins, counters of the shared cache."""

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.db import connection
from django.utils import timezone

from accounts.models import User


def clear_expired() -> None:
    """Delete what nobody can use any more; safe to run in any number of workers."""
    Session.objects.filter(expire_date__lt=timezone.now()).delete()
    # A log-in is noted after its session, so one without a session was logged out or ran out.
    alive = Session.objects.values("session_key")
    UserSession.objects.exclude(session_key__in=alive).delete()
    _clear_cache()


def end_sessions_of(user: User) -> None:
    """Log somebody out everywhere; every log-in is noted with the key of its session."""
    keys = list(UserSession.objects.filter(user=user).values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    UserSession.objects.filter(user=user).delete()


def _clear_cache() -> None:
    """Django deletes entries that ran out only when the table is full; they name addresses."""
    if not isinstance(caches["default"], DatabaseCache):
        return
    now = connection.ops.adapt_datetimefield_value(timezone.now())
    table = connection.ops.quote_name(str(settings.CACHES["default"]["LOCATION"]))
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [now])  # noqa: S608 (a setting)
