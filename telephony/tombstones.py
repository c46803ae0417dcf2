"""A keyed hash in the place of a number: it can be told apart and found again, but not read."""

import hashlib
import hmac

from django.conf import settings

TOMBSTONE_LENGTH = 16


def tombstone(phone_number: str) -> str:
    """The same number gives the same one, as long as SECRET_KEY stays; one of its own stays."""
    if is_tombstone(phone_number):
        return phone_number
    key = f"aloha.tombstone.v1:{settings.SECRET_KEY}".encode()
    digest = hmac.new(key, phone_number.encode(), hashlib.sha256).hexdigest()
    return f"#{digest}"[:TOMBSTONE_LENGTH]


def is_tombstone(phone_number: str) -> bool:
    """Whether no number stands here any more."""
    return phone_number.startswith("#")
