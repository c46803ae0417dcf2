"""Which of an owner's tables her archive holds, which columns, and why not the others."""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.apps import apps

from accounts.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows that stand in the archive as they stand in the database.

    `owner` is how a row leads to her. Every other column is either exported or left out by name.
    """

    model: str
    owner: str
    columns: tuple[str, ...]
    left_out: tuple[str, ...] = ()


# What each part of the archive is called there, and what it holds.
TABLES = {
    "numbers": Table(
        model="telephony.UserPhoneNumber",
        owner="user",
        columns=(
            *("phone_number", "country", "area_code", "status", "voicemail_enabled"),
            *("voicemail_mode", "external_phone_number", "forwarding_enabled"),
            *("forwarding_confirmed", "forwarding_verified_at", "created_at", "updated_at"),
        ),
        # How we keep in step with the provider.
        left_out=(
            *("twilio_phone_sid", "is_active", "webhook_base_url"),
            *("sync_attempts", "sync_after"),
        ),
    ),
    "numberHistory": Table(
        model="telephony.NumberEvent",
        owner="number__user",
        columns=("number__phone_number", "from_status", "to_status", "who", "at"),
        left_out=("provider_answer",),
    ),
    "forwardingReminders": Table(
        model="telephony.ForwardingReminder",
        owner="number__user",
        columns=("number__phone_number", "due_at", "sent_at"),
    ),
    "ownPhone": Table(
        model="voicemail.OwnPhone",
        owner="user",
        columns=("carrier", "kind", "simulated_phone", "asked_to_check_at", "updated_at"),
    ),
    "forwardingChecks": Table(
        model="voicemail.ForwardingCheck",
        owner="number__user",
        columns=(
            *("number__phone_number", "phone_number", "probe_id", "started_at", "finished_at"),
            *("outcome", "came_back_at", "proven_before_at", "refusal"),
        ),
        left_out=("deadline_at",),
    ),
    "campaigns": Table(
        model="telephony.Campaign",
        owner="owner",
        columns=("name", "purpose", "consent_note", "is_active", "created_at", "updated_at"),
    ),
    "doNotCall": Table(
        model="telephony.DoNotCall",
        owner="owner",
        columns=("phone_number", "source", "call_id", "created_at"),
    ),
    "outboundTerms": Table(
        model="telephony.OutboundTerms", owner="owner", columns=("version", "accepted_at")
    ),
    "contacts": Table(
        model="voicemail.Contact",
        owner="owner",
        columns=("phone_number", "name"),
        left_out=("updated_at",),
    ),
    "erasures": Table(
        model="voicemail.Erasure",
        owner="owner",
        columns=("phone_number", "requested_at", "done_at"),
        left_out=("next_step_at", "attempts", "last_error"),
    ),
    "emailAddresses": Table(
        model="account.EmailAddress", owner="user", columns=("email", "verified", "primary")
    ),
    "logIns": Table(
        model="usersessions.UserSession",
        owner="user",
        columns=("ip", "user_agent", "created_at", "last_seen_at"),
        left_out=("session_key", "data"),  # whoever has the key is logged in
    ),
    "secondFactors": Table(
        model="mfa.Authenticator",
        owner="user",
        columns=("type", "created_at", "last_used_at"),
        left_out=("data",),  # the secrets
    ),
}


def rows_of(owner: User, table: Table) -> list[dict[str, Any]]:
    """Her rows, in the names and with the values of JSON; needs a scope."""
    model = apps.get_model(table.model)
    rows = model._base_manager.filter(**{table.owner: owner.pk}).order_by("pk")
    return [
        {json_name(name): json_value(value) for name, value in row.items()}
        for row in rows.values(*table.columns)
    ]


def json_name(column: str) -> str:
    """`phoneNumber` for `phone_number`."""
    first, *others = column.replace("__", "_").split("_")
    return first + "".join(word.capitalize() for word in others)


def json_value(value: Any) -> Any:
    """Dates and times in ISO 8601, ids and amounts of money as text."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | Decimal) else value
