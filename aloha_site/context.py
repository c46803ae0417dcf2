"""What every page's frame shows."""

import functools
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.models import User
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
    """The top bar: the owner's number, how many messages are unread, who is on the line.

    Looked up once a template asks, so not where the view has given its own.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}

    def unread_count() -> int:
        return Message.objects.for_user(user).unread().count()

    return {
        "active_number": _looked_up(user, lambda: active_number(user)),
        "running_call": _looked_up(user, lambda: running_call(user)),
        "unread_count": _looked_up(user, unread_count),
    }


def _looked_up(user: User, look: Callable[[], object]) -> Callable[[], object]:
    """A template calls what can be called; the second time the answer is known."""

    @functools.cache
    def look_once() -> object:
        with user_scope(user.pk):
            return look()

    return look_once
