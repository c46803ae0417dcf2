"""How a number of ours is set up at the provider: the name it carries and where its calls go."""

import hashlib
from uuid import UUID

from django.conf import settings

from telephony.backends.base import NumberAddresses
from telephony.models import UserPhoneNumber
from telephony.signatures import public_url

_PREFIX = "aloha"


def tag_of(number: UserPhoneNumber) -> str:
    """The name a number carries at the provider, at most 64 characters; leads back to its row.

    Two installations may share one account: the middle part tells them apart.
    """
    return f"{_PREFIX}:{_instance()}:{number.pk.hex}"


def row_of(tag: str) -> UUID | None:
    """The id of the row that a tag leads to; None when this installation has not given the tag."""
    prefix, _, rest = tag.partition(":")
    instance, _, row = rest.partition(":")
    if (prefix, instance) != (_PREFIX, _instance()):
        return None
    try:
        return UUID(hex=row)
    except ValueError:
        return None


def carrier_addresses() -> NumberAddresses:
    """Where the provider sends the calls of every number of ours."""
    return NumberAddresses(
        voice_url=public_url("/api/twilio/voice/incoming"),
        fallback_url=settings.VOICE_FALLBACK_URL or public_url("/api/twilio/voice/fallback"),
        status_url=public_url("/api/twilio/voice/status"),
    )


def _instance() -> str:
    if settings.ALOHA_INSTANCE:
        return str(settings.ALOHA_INSTANCE)
    return hashlib.sha256(f"aloha.instance.v1:{settings.SECRET_KEY}".encode()).hexdigest()[:12]
