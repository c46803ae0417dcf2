"""System checks of the telephony room."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from accounts.row_security import service_scope
from telephony.backends.base import get_backend
from telephony.call_notice import says_ai
from telephony.models import NumberStatus, UserPhoneNumber
from telephony.phone_numbers import is_e164


@register
def check_simulated_numbers(**kwargs: Any) -> list[CheckMessage]:
    """Production on simulated numbers is almost always a forgotten credential."""
    if settings.DEBUG or settings.ALOHA_ALLOW_MOCK or not get_backend().is_simulated:
        return []
    return [
        Error(
            "Numbers are simulated in production: no caller can reach them.",
            hint="Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or ALOHA_ALLOW_MOCK=1.",
            id="telephony.E001",
        )
    ]


@register
def check_call_notice(**kwargs: Any) -> list[CheckMessage]:
    """Callers are told that they talk to an AI; no setting may take that away."""
    notices = {"CALL_NOTICE": settings.CALL_NOTICE}
    notices |= {f"CALL_NOTICES of {key}": each.text for key, each in settings.CALL_NOTICES.items()}
    return [
        Error(
            f"{name} does not say that the caller talks to an AI assistant.",
            hint="Keep the word AI in it, in its language, or leave it unset.",
            id="telephony.E003",
        )
        for name, text in notices.items()
        if not says_ai(text)
    ]


@register
def check_forwarding_check_number(**kwargs: Any) -> list[CheckMessage]:
    """The number that rings owners' phones is compared with callers, so it has one spelling."""
    number = settings.FORWARDING_CHECK_NUMBER
    if not number or is_e164(number):
        return []
    return [
        Error(
            "FORWARDING_CHECK_NUMBER is no phone number in E.164.",
            hint="Write it like +14155550100.",
            id="telephony.E004",
        )
    ]


@register
def check_backend(**kwargs: Any) -> list[CheckMessage]:
    """What the backend finds wrong with its own options."""
    return get_backend().check()


@register(Tags.database)
def check_base_url(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Real numbers that still send their calls to an address PUBLIC_BASE_URL had before.

    Runs where Django asks databases: `migrate`, and `check --database default`.
    """
    if not databases or get_backend().is_simulated:
        return []
    elsewhere = UserPhoneNumber.objects.filter(status=NumberStatus.ACTIVE).exclude(
        webhook_base_url__in=["", settings.PUBLIC_BASE_URL]
    )
    try:
        with service_scope():
            count = elsewhere.exclude(twilio_phone_sid__startswith="SIMULATED_SID_").count()
    except DatabaseError:
        # The check runs before the migration that makes the column: nothing can be said yet.
        return []
    if not count:
        return []
    return [
        checks.Warning(
            f"Calls to {count} number(s) still go to another address than PUBLIC_BASE_URL.",
            hint="Run python manage.py repointnumbers; --dry-run shows which.",
            id="telephony.W002",
        )
    ]
