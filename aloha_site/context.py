"""What every page's frame shows."""

from typing import Any

from django.http import HttpRequest

from telephony.models import UserPhoneNumber
from voicemail.models import Message


def shell(request: HttpRequest) -> dict[str, Any]:
    """The top bar: the owner's active number and how many messages are unread."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {
        "active_number": UserPhoneNumber.objects.for_user(user).active().first(),
        "unread_count": Message.objects.for_user(user).unread().count(),
    }
