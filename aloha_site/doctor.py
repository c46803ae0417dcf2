"""What this installation has, and what each thing unlocks."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import Error, connection

from agent.backends.base import get_backend as get_agent_backend
from aloha_site import static_files
from aloha_site.health import trouble_of_tables
from telephony import kept_endings, request_spool
from telephony.backends.base import get_backend
from telephony.number_setup import carrier_addresses

SOUNDS = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
REDIS_SECONDS = 2.0
ROOM_BYTES = 64 * 1024
"""The largest request of the carrier that is ever kept."""
POSTGRES_FOLDER = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at; `is_fault` when Aloha cannot work as it is set up."""

    name: str
    is_there: bool
    says: str
    is_fault: bool = False


def examine() -> Iterator[Finding]:
    """Look at keys, address, database and, in development, what tests use.

    Makes the folder of kept requests where there is none yet, and changes nothing else.
    """
    yield _numbers()
    yield _public_address()
    yield _fallback()
    yield _spool()
    yield _database()
    yield _mail()
    yield _agent()
    yield _redis()
    yield _static_files()
    if settings.DEBUG:
        yield from _programs()


def _programs() -> Iterator[Finding]:
    yield _program(
        "PostgreSQL programs",
        found=any(POSTGRES_FOLDER.glob("*/bin/initdb")) or shutil.which("initdb") is not None,
        unlocks="./dev test --db=postgres",
        package="postgresql",
    )
    yield _program(
        "Chromium",
        found=Path("/usr/bin/chromium").exists(),
        unlocks="the tests that walk through the pages",
        package="chromium",
    )
    yield _program(
        "Recorded speech",
        found=SOUNDS.is_dir(),
        unlocks="the tests that call with a human voice",
        package="asterisk-core-sounds-en-wav",
    )


def _numbers() -> Finding:
    if get_backend().is_simulated:
        return Finding(
            name="Phone provider",
            is_there=False,
            says="no Twilio credentials: numbers are simulated. "
            "TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN make them real.",
        )
    return Finding(
        name="Phone provider", is_there=True, says="Twilio credentials are set: numbers are real."
    )


def _public_address() -> Finding:
    addresses = carrier_addresses()
    is_public = urlsplit(settings.PUBLIC_BASE_URL).scheme == "https"
    says = (
        f"the carrier calls {addresses.voice_url}, when that fails {addresses.fallback_url}, "
        f"and tells how calls end to {addresses.status_url}"
    )
    if is_public or get_backend().is_simulated:
        return Finding(name="Public address", is_there=is_public, says=f"{says}.")
    return Finding(
        name="Public address",
        is_there=False,
        says=f"{says}. It cannot open them: PUBLIC_BASE_URL must begin with https://.",
        is_fault=True,
    )


def _fallback() -> Finding:
    own = not settings.VOICE_FALLBACK_URL
    return Finding(
        name="Voice fallback",
        is_there=not own,
        says="part of this server, so no message is taken while all of it is away. "
        "VOICE_FALLBACK_URL names a static document elsewhere."
        if own
        else "elsewhere; what it takes is collected from the carrier.",
    )


def _spool() -> Finding:
    """Whether the carrier's requests can be kept, and how many wait."""
    try:
        kept = len(request_spool.waiting())
        with tempfile.TemporaryFile(dir=settings.SPOOL_DIR) as file:
            file.write(bytes(ROOM_BYTES))  # a full disk takes new files, but nothing into them
    except OSError as error:
        return Finding(
            name="Spool",
            is_there=False,
            says=f"{settings.SPOOL_DIR} cannot keep the carrier's requests: {error.strerror}.",
            is_fault=True,
        )
    endings = kept_endings.count()
    says = f"{kept} request(s) of the carrier and {endings} end(s) of calls wait."
    return Finding(name="Spool", is_there=True, says=says)


def _database() -> Finding:
    try:
        trouble = trouble_of_tables()
    except Error as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        says = f"cannot be used: {reason}"
        return Finding(name="Database", is_there=False, says=says, is_fault=True)
    if trouble:
        return Finding(
            name="Database",
            is_there=False,
            says=f"{trouble} `manage.py migrate` brings its tables up to date.",
            is_fault=True,
        )
    if connection.vendor == "postgresql":
        return Finding(name="Database", is_there=True, says="PostgreSQL answers.")
    return Finding(
        name="Database",
        is_there=True,
        says="SQLite: one machine only. DATABASE_URL names a PostgreSQL for more.",
    )


def _redis() -> Finding:
    if not settings.REDIS_URL:
        return Finding(
            name="Redis",
            is_there=False,
            says="none: live views look up the calls of other processes. "
            "REDIS_URL lets them hear of those at once.",
        )
    try:
        import redis
    except ImportError:
        says = "REDIS_URL is set, but Aloha was installed without its extra `redis`."
        return Finding(name="Redis", is_there=False, says=says, is_fault=True)
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=REDIS_SECONDS, socket_connect_timeout=REDIS_SECONDS
        ) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        return Finding(
            name="Redis",
            is_there=False,
            says=f"REDIS_URL does not answer: {type(error).__name__}. Calls go on; live views "
            "look them up.",
            is_fault=True,
        )
    return Finding(name="Redis", is_there=True, says="answers, for live views.")


def _static_files() -> Finding:
    name = "Style and scripts"
    if static_files.are_served_from_sources():
        return Finding(name=name, is_there=True, says="served from their sources.")
    if missing := static_files.uncollected():
        return Finding(
            name=name,
            is_there=False,
            says=f"{missing} file(s) are missing in {settings.STATIC_ROOT}, or older than their "
            "sources. Run python manage.py collectstatic --no-input, then start anew.",
            is_fault=True,
        )
    return Finding(name=name, is_there=True, says=f"collected in {settings.STATIC_ROOT}.")


def _agent() -> Finding:
    speaks_freely = get_agent_backend().can_speak_freely
    return Finding(
        name="Voice agent",
        is_there=speaks_freely,
        says="speaks freely."
        if speaks_freely
        else "the embedded one: fixed sentences in one voice, and what callers say is recorded "
        "but not written down.",
    )


def _mail() -> Finding:
    sends = not settings.EMAIL_BACKEND.endswith("console.EmailBackend")
    return Finding(
        name="Mail",
        is_there=sends,
        says=f"sent through {settings.EMAIL_HOST}."
        if sends
        else "printed on the console. EMAIL_URL names a mail server.",
    )


def _program(name: str, *, found: bool, unlocks: str, package: str) -> Finding:
    if found:
        return Finding(name=name, is_there=True, says=f"here, for {unlocks}.")
    install = f"apt install {package}" if shutil.which("apt") else f"the package {package}"
    return Finding(name=name, is_there=False, says=f"not here; {install} unlocks {unlocks}.")
