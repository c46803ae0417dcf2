"""System checks of the whole: what is set up so that Aloha would not work, or not safely.

What nobody could start with, such as half a pair of credentials, settings.py refuses by name.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, register
from django.http.request import validate_host

from aloha_site import static_files
from telephony.backends.base import get_backend

SHORTEST_SECRET_KEY = 50
SHORTEST_METRICS_TOKEN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One thing that is wrong; ids with an E stop commands, those with a W do not."""

    id: str
    says: str
    do: str

    def as_message(self) -> CheckMessage:
        """For Django."""
        kind = checks.Error if ".E" in self.id else checks.Warning
        return kind(self.says, hint=self.do, id=self.id)


@register
def check_site(**kwargs: Any) -> list[CheckMessage]:
    """Everything that is wrong with the settings as a whole."""
    found = [*_addresses(), *_database(), *_redis()]
    if not settings.DEBUG:
        found += _production()
    if not get_backend().is_simulated:
        found += _real_numbers()
    return [each.as_message() for each in found]


def _addresses() -> Iterator[Found]:
    host = urlsplit(settings.PUBLIC_BASE_URL).hostname or ""
    if not validate_host(host, settings.ALLOWED_HOSTS):
        yield Found(
            id="site.E001",
            says=f"ALLOWED_HOSTS leaves out {host}: every request to PUBLIC_BASE_URL gets 400.",
            do="Add it, or leave ALLOWED_HOSTS unset.",
        )
    if settings.DEBUG and not _is_here(host):
        yield Found(
            id="site.W001",
            says=f"DEBUG is on and PUBLIC_BASE_URL is {settings.PUBLIC_BASE_URL}: errors show "
            "settings and code to whoever comes.",
            do="Leave DEBUG unset wherever others reach Aloha.",
        )


def _database() -> Iterator[Found]:
    database = settings.DATABASES["default"]
    if database.get("CONN_MAX_AGE", 0) != 0:
        yield Found(
            id="site.E002",
            says="CONN_MAX_AGE is not 0: under ASGI every thread keeps a connection until "
            "PostgreSQL has none left.",
            do="Leave it at 0; the pool keeps connections.",
        )


def _redis() -> Iterator[Found]:
    if not settings.REDIS_URL:
        return
    if urlsplit(settings.REDIS_URL).scheme not in {"redis", "rediss", "unix"}:
        yield Found(
            id="site.E007",
            says="REDIS_URL is no address of a Redis: live views would hear of nothing.",
            do="Write it like redis://host:6379/0, or leave it unset.",
        )
    if find_spec("channels_redis") is None:
        yield Found(
            id="site.E008",
            says="REDIS_URL is set, and what speaks to a Redis is not installed.",
            do="Install Aloha with its extra: pip install '.[redis]'; or leave REDIS_URL unset.",
        )


def _production() -> Iterator[Found]:
    if len(settings.SECRET_KEY) < SHORTEST_SECRET_KEY:
        yield Found(
            id="site.E003",
            says=f"SECRET_KEY has {len(settings.SECRET_KEY)} characters: sessions and links could "
            "be forged.",
            do=f"Give it at least {SHORTEST_SECRET_KEY} random ones.",
        )
    is_sqlite = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    if is_sqlite and not settings.ALOHA_ALLOW_SQLITE:
        yield Found(
            id="site.E004",
            says="Production on SQLite: one machine, one writer at a time, no row level security.",
            do="Set DATABASE_URL to a PostgreSQL, or ALOHA_ALLOW_SQLITE=1.",
        )
    if 0 < len(settings.METRICS_TOKEN) < SHORTEST_METRICS_TOKEN:
        yield Found(
            id="site.W002",
            says="METRICS_TOKEN is short enough to be guessed.",
            do=f"Give it at least {SHORTEST_METRICS_TOKEN} random characters.",
        )
    if settings.EMAIL_BACKEND.endswith(("console.EmailBackend", "dummy.EmailBackend")):
        yield Found(
            id="site.W003",
            says="Mails are not sent: nobody can reset a password or is told of a message.",
            do="Set EMAIL_URL to a mail server.",
        )
    if settings.DEFAULT_FROM_EMAIL.rstrip(">").endswith("@localhost"):
        yield Found(
            id="site.W004",
            says=f"Mails come from {settings.DEFAULT_FROM_EMAIL}, which others refuse.",
            do="Set DEFAULT_FROM_EMAIL to an address of yours.",
        )
    yield from _visitors()


def _visitors() -> Iterator[Found]:
    """How people come in production: over TLS, through a proxy, to pages with their style."""
    is_https = urlsplit(settings.PUBLIC_BASE_URL).scheme == "https"
    if not is_https:
        yield Found(
            id="site.W005",
            says="PUBLIC_BASE_URL does not begin with https://: passwords and cookies travel in "
            "the clear.",
            do="Put a proxy that speaks TLS in front, and name its address.",
        )
    if not (static_files.are_served_from_sources() or static_files.are_collected()):
        yield Found(
            id="site.W009",
            says=f"Nothing is in {settings.STATIC_ROOT}: pages come without style and scripts.",
            do="Run python manage.py collectstatic --no-input, then start anew.",
        )
    if is_https and settings.ALLAUTH_TRUSTED_PROXY_COUNT == 0:
        yield Found(
            id="site.W010",
            says="TRUSTED_PROXY_COUNT is 0, and PUBLIC_BASE_URL is https, so a proxy stands in "
            "front: log-in limits may take all visitors for one.",
            do="Set it to 1 behind one proxy, to more behind more.",
        )


def _real_numbers() -> Iterator[Found]:
    public = urlsplit(settings.PUBLIC_BASE_URL)
    is_reached = public.scheme == "https" and not _is_here(public.hostname or "")
    if not is_reached and not settings.DEBUG:
        yield Found(
            id="site.E005",
            says=f"Numbers are real, and the carrier cannot reach {settings.PUBLIC_BASE_URL}: "
            "every call would fail.",
            do="Set PUBLIC_BASE_URL to an https address on the public internet.",
        )
    fallback = urlsplit(settings.VOICE_FALLBACK_URL)
    if not settings.VOICE_FALLBACK_URL:
        yield Found(
            id="site.W006",
            says="No VOICE_FALLBACK_URL: while all of Aloha is away, callers hear an error.",
            do="Put docs/voice-fallback.xml on another server or into a TwiML Bin, and name it.",
        )
    elif fallback.scheme != "https":
        yield Found(
            id="site.E006",
            says=f"VOICE_FALLBACK_URL is no https address: {settings.VOICE_FALLBACK_URL!r}.",
            do="Name the whole address of the document.",
        )
    elif fallback.hostname == public.hostname:
        yield Found(
            id="site.W007",
            says="VOICE_FALLBACK_URL is on Aloha's own host: it is away when Aloha is.",
            do="Put the document on another server.",
        )
    if not settings.ALOHA_INSTANCE:
        yield Found(
            id="site.W008",
            says="No ALOHA_INSTANCE: a changed SECRET_KEY would make paid numbers look like those "
            "of somebody else.",
            do="Set it before the first number; numbers taken earlier keep their tag.",
        )


def _is_here(host: str) -> bool:
    """Whether only this machine or its own network reaches a host, as far as its name tells."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith((".localhost", ".local", ".internal"))
