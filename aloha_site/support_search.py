"""One search for everything that a caller of support may read out."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from telephony.admin_glances import age_of, as_stored, why_ended
from telephony.models import Call, UserPhoneNumber
from telephony.phone_numbers import digits_of
from voicemail.models import Message

SHOWN = 10
MIN_DIGITS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A row that matches: what it is, what state it is in, and where to read on."""

    name: str
    state: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Rows of one kind."""

    kind: str
    rows: list[Hit]


def find(typed: str, *, user: AbstractBaseUser | AnonymousUser) -> list[Hits]:
    """What matches a number in any spelling, an address, a name or an id, and may be seen."""
    kinds: list[tuple[str, str, Any]] = [
        ("Owners", "accounts.view_user", _owners),
        ("Numbers", "telephony.view_userphonenumber", _numbers),
        ("Calls", "telephony.view_call", _calls),
        ("Messages", "voicemail.view_message", _messages),
    ]
    may = getattr(user, "has_perm", lambda _permission: False)
    found = [Hits(kind=kind, rows=look(typed)) for kind, needs, look in kinds if may(needs)]
    return [hits for hits in found if hits.rows]


def _number(field: str, typed: str) -> Q:
    """A number in whatever spelling, or the end of one."""
    stored = as_stored(typed)
    if stored.startswith("+"):
        return Q(**{field: stored})
    digits = digits_of(typed).lstrip("0")
    return Q(**{f"{field}__endswith": digits}) if len(digits) >= MIN_DIGITS else Q(pk__in=[])


def _owners(typed: str) -> list[Hit]:
    named = Q(email__icontains=typed) | Q(name__icontains=typed)
    theirs = UserPhoneNumber.objects.filter(
        _number("phone_number", typed) | _number("external_phone_number", typed)
    )
    users = User.objects.filter(named | Q(pk__in=theirs.values("user"))).order_by("email")
    return [
        Hit(
            name=f"{user.name} {user.email}".strip(),
            state="active" if user.is_active else "blocked",
            url=reverse("admin:accounts_user_change", args=[user.pk]),
        )
        for user in users[:SHOWN]
    ]


def _numbers(typed: str) -> list[Hit]:
    rows = UserPhoneNumber.objects.filter(
        _number("phone_number", typed)
        | _number("external_phone_number", typed)
        | Q(twilio_phone_sid=typed)
        | Q(user__email__iexact=typed)
    )
    return [
        Hit(
            name=f"{number.phone_number} of {number.user.email}",
            state=f"{number.status}, proof {age_of(number.forwarding_verified_at, none='never')}",
            url=reverse("admin:telephony_userphonenumber_change", args=[number.pk]),
        )
        for number in rows.select_related("user").order_by("-created_at")[:SHOWN]
    ]


def _calls(typed: str) -> list[Hit]:
    rows = Call.objects.filter(
        _number("from_number", typed)
        | _number("to_number", typed)
        | Q(call_sid=typed)
        | Q(owner__email__iexact=typed)
    )
    return [
        Hit(
            name=f"{_minute_of(call)} {call.from_number} to {call.to_number}",
            state=why_ended(call),
            url=reverse("admin:telephony_call_change", args=[call.pk]),
        )
        for call in rows.order_by("-started_at")[:SHOWN]
    ]


def _minute_of(call: Call) -> str:
    """By the clock of whoever looks, as everywhere else on the site."""
    return f"{timezone.localtime(call.started_at):%Y-%m-%d %H:%M}"


def _messages(typed: str) -> list[Hit]:
    try:
        rows = list(Message.objects.filter(pk=uuid.UUID(typed)))
    except ValueError:
        return []
    return [
        Hit(
            name=str(message),
            state=message.get_stage_display(),
            url=reverse("admin:voicemail_message_change", args=[message.pk]),
        )
        for message in rows
    ]
