"""What the admin shows of a number or an owner at a glance, and how it reads typed numbers."""

from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.timesince import timesince

from telephony import phone_numbers
from telephony.end_reasons import EndReason
from telephony.errors import InvalidPhoneNumber
from telephony.models import Call, SyncRun, UserPhoneNumber

CALLS_SHOWN = 20


def as_stored(typed: str) -> str:
    """What to search for: the E.164 form of a number in any spelling, anything else as typed."""
    try:
        return phone_numbers.normalise(typed, "US")
    except InvalidPhoneNumber:
        return typed


def age_of(moment: datetime | None, *, none: str) -> str:
    """How long ago something was, with its date; `none` when it never was."""
    if moment is None:
        return none
    return (
        f"{timesince(moment, depth=1)} ago ({date_format(timezone.localtime(moment), 'j M, H:i')})"
    )


def why_ended(call: Call) -> str:
    """The end reason in words; what is known instead while there is none."""
    if call.end_reason:
        return EndReason(call.end_reason).label
    return "on the line" if not call.is_final else call.get_status_display()


def last_calls(calls: QuerySet[Call]) -> str:
    """Time, other number and end reason of the latest calls, each leading to its page."""
    rows = [
        (
            reverse("admin:telephony_call_change", args=[call.pk]),
            date_format(timezone.localtime(call.started_at), "j M, H:i"),
            call.other_number or "withheld",
            why_ended(call),
        )
        for call in calls.order_by("-started_at")[:CALLS_SHOWN]
    ]
    if not rows:
        return "none"
    lines = format_html_join("", '<li><a href="{}">{}</a> {}: {}</li>', rows)
    return format_html('<ul class="support-calls">{}</ul>', lines)


def last_sync(number: UserPhoneNumber) -> str:
    """The last run over all numbers, and what it found of this one."""
    run = SyncRun.objects.begun().order_by("-started_at").first()
    if run is None:
        return "never"
    found = [step for step in run.steps if number.phone_number in step]
    what = run.error or "; ".join(found) or "nothing differed"
    return f"{age_of(run.started_at, none='never')}: {what}"
