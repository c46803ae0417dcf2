"""What every page's frame shows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.row_security import user_scope
from telephony.numbers import active_number
from telephony.running_calls import running_call
from voicemail.models import Message

PRINTED = "django.core.mail.backends.console.EmailBackend"


def mail(request: HttpRequest) -> dict[str, Any]:
    """Whether mails reach anybody, and where to look if not, for pages that speak of one."""
    return {
        "mails_are_printed": settings.EMAIL_BACKEND == PRINTED,
        "printed_where": "in the terminal of ./dev up" if settings.DEBUG else "where Aloha runs",
    }


def shell(request: HttpRequest) -> dict[str, Any]:
    """The top bar: the owner's number, how many messages are unread, who is on the line."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    with user_scope(user.pk):
        return {
            "active_number": active_number(user),
            "running_call": running_call(user),
            "unread_count": Message.objects.for_user(user).unread().count(),
        }
