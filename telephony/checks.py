"""System checks of the telephony room."""

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from telephony.backends.base import get_backend

_SAYS_AI = re.compile(r"\b(AI|artificial intelligence)\b", re.IGNORECASE)


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
    if _SAYS_AI.search(settings.CALL_NOTICE):
        return []
    return [
        Error(
            "CALL_NOTICE does not say that the caller talks to an AI assistant.",
            hint="Keep the word AI in it, or leave CALL_NOTICE unset.",
            id="telephony.E003",
        )
    ]


@register
def check_backend(**kwargs: Any) -> list[CheckMessage]:
    """What the backend finds wrong with its own options."""
    return get_backend().check()
