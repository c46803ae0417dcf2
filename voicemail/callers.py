"""How pages and mails name a caller: name, number as the owner would write it, place."""

import phonenumbers

from telephony import phone_numbers
from telephony.backends.area_places import CANADIAN_CITIES, US_CITIES
from telephony.models import Call
from voicemail.models import Contact, Message

WITHHELD = "Number withheld"


def caller_number(call: Call) -> str:
    """The caller's number as the owner would write it, or `Number withheld`."""
    if call.caller_withheld or phone_numbers.is_withheld(call.from_number):
        return WITHHELD
    return number_as_read_in(call.number.country, call.from_number)


def number_as_read_in(country: str, e164: str) -> str:
    """A number as people of this country write it: national form for their own numbers."""
    is_home = e164.startswith(f"+{phonenumbers.country_code_for_region(country)}")
    return phone_numbers.national(e164) if is_home else phone_numbers.international(e164)


def name_or_number(message: Message) -> str:
    """Who called: the name if one is known, else the number."""
    return message.caller_name or caller_number(message.call)


def known_name(call: Call) -> str:
    """What the owner calls this number; blank for one that she has not named."""
    if call.caller_withheld or not call.other_number.startswith("+"):
        return ""
    known = Contact.objects.filter(owner_id=call.owner_id, phone_number=call.other_number)
    return known.values_list("name", flat=True).first() or ""


def place_of(call: Call) -> str:
    """The city that the caller's area code belongs to, empty where no table says it.

    The area code says where a number was given out, not where the caller is.
    """
    if call.caller_withheld or not call.from_number.startswith("+1"):
        return ""
    area_code = call.from_number[2:5]
    city, _ = US_CITIES.get(area_code) or CANADIAN_CITIES.get(area_code) or ("", "")
    return city


def number_to_dial(message: Message) -> str:
    """Where to call back: what the caller named, else the caller's own number; may be empty."""
    call = message.call
    if message.callback_number:
        return message.callback_number
    if call.caller_withheld or not call.from_number.startswith("+"):
        return ""
    return call.from_number


def callback_display(message: Message) -> str:
    """The number to call back as the owner would write it."""
    return number_as_read_in(message.call.number.country, number_to_dial(message))
