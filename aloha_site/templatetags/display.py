"""How pages write numbers, callers, times and lengths."""

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format

from accounts.browsers import browser_name
from telephony import phone_numbers
from telephony.area_codes import place_of_area_code
from telephony.backends.base import Offer
from telephony.end_reasons import EndReason
from telephony.models import Call, CallStatus, DoNotCall, UserPhoneNumber
from voicemail import inbox
from voicemail.callers import (
    callback_display,
    caller_number,
    name_or_number,
    number_to_dial,
    place_of,
)
from voicemail.models import Message

register = template.Library()

register.filter("browser", browser_name)
register.filter("national", phone_numbers.national)
register.filter("gist", inbox.gist)
register.filter("caller_number", caller_number)
register.filter("caller", name_or_number)
register.filter("callers_place", place_of)
register.filter("number_to_dial", number_to_dial)
register.filter("callback_display", callback_display)
register.filter("international", phone_numbers.international)


@register.filter
def place(number: Offer | UserPhoneNumber) -> str:
    """`San Francisco, CA`: where an offered number or an owner's is from; blank if unknown."""
    if isinstance(number, Offer) and (number.locality or number.region):
        return ", ".join(name for name in (number.locality, number.region) if name)
    if phone_numbers.is_toll_free(number.phone_number):
        return "Toll-free"
    return ", ".join(name for name in place_of_area_code(number.area_code or "") if name)


@register.filter
def has_recording(message: Message) -> bool:
    """Whether there is something to listen to."""
    return inbox.recording_of(message) is not None


@register.filter
def short_time(moment: datetime) -> str:
    """`14:21` today, `Sat` within a week, else `3 Nov`, with the year when it is another one."""
    local, today = timezone.localtime(moment), timezone.localdate()
    days_ago = (today - local.date()).days
    if days_ago == 0:
        return date_format(local, "H:i")
    if 0 < days_ago < 7:
        return date_format(local, "D")
    return date_format(local, "j M" if local.year == today.year else "j M Y")


@register.filter
def full_time(moment: datetime) -> str:
    """`Today 14:21`, `Yesterday 14:21`, else `3 Nov 2026, 14:21`."""
    local = timezone.localtime(moment)
    days_ago = (timezone.localdate() - local.date()).days
    day = {0: "Today ", 1: "Yesterday "}.get(days_ago, date_format(local, "j M Y") + ", ")
    return day + date_format(local, "H:i")


@register.filter
def outgoing_state(call: Call) -> str:
    """How an outgoing call stands, in a few words."""
    if call.end_reason:
        return str(EndReason(call.end_reason).label).capitalize()
    if call.call_sid is None:
        return "Not confirmed by the phone provider"
    return "Talking" if call.status == CallStatus.IN_PROGRESS else "Ringing"


_WISHES = {
    DoNotCall.Source.OWNER: "Added by you",
    DoNotCall.Source.KEY: "Pressed 9 in a call",
    DoNotCall.Source.VOICE: "Asked for it in a call",
    DoNotCall.Source.STAFF: "Added by support",
}


@register.filter
def wish(entry: DoNotCall) -> str:
    """How a number came onto the do-not-call list."""
    return _WISHES[DoNotCall.Source(entry.source)]


@register.filter
def clock(milliseconds: int) -> str:
    """`1:12` for 72,000 milliseconds."""
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    return f"{minutes}:{seconds:02d}"


@register.filter
def length_of(seconds: int) -> str:
    """`1:12` for 72 seconds."""
    return clock(seconds * 1000)


@register.filter
def in_words(seconds: int) -> str:
    """`1 min 12 s` for 72 seconds, its spaces such that no line breaks at them."""
    minutes, rest = divmod(seconds, 60)
    words = f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return words.replace(" ", "\N{NO-BREAK SPACE}")


@register.filter
def can_call_back(call: Call) -> bool:
    """Whether the caller left a number that a phone can dial."""
    return not call.caller_withheld and call.from_number.startswith("+")
