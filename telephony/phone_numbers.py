"""Reading and writing phone numbers. A phone number is always E.164 text."""

import re

import phonenumbers

from telephony.errors import InvalidPhoneNumber

_TYPED = re.compile(r"[+\d\s().\-/]+")

# Keypad spellings of ANONYMOUS, UNAVAILABLE, UNKNOWN, BLOCKED and RESTRICTED, seen as caller ids.
_WITHHELD = {
    "",
    "anonymous",
    "restricted",
    "unknown",
    "unavailable",
    "private",
    "blocked",
    "withheld",
    "+266696687",
    "+86282452253",
    "+8656696",
    "+2562533",
    "+7378742833",
}


def normalise(typed: str, country: str | None = None) -> str:
    """E.164 of what somebody typed; `country` reads numbers without a country code.

    Raises InvalidPhoneNumber for anything that is no possible number, also for letters,
    extensions and numbers of the wrong length.
    """
    if not _TYPED.fullmatch(typed.strip()):
        raise InvalidPhoneNumber
    try:
        number = phonenumbers.parse(typed, country)
    except phonenumbers.NumberParseException as error:
        raise InvalidPhoneNumber from error
    if number.extension or not phonenumbers.is_possible_number(number):
        raise InvalidPhoneNumber
    if (
        phonenumbers.is_possible_number_with_reason(number)
        != phonenumbers.ValidationResult.IS_POSSIBLE
    ):
        raise InvalidPhoneNumber
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def digits_of(typed: str) -> str:
    """The digits in what somebody typed, of any script, as ASCII."""
    return "".join(str(int(sign)) for sign in typed if sign.isdecimal())


def e164_or_text(text: str) -> str:
    """E.164 where it is one; callers may also be words, short codes or SIP addresses."""
    try:
        return normalise(text)
    except InvalidPhoneNumber:
        return text


def is_e164(text: str) -> bool:
    """Whether this is a possible number, written as numbers are stored."""
    try:
        return normalise(text) == text
    except InvalidPhoneNumber:
        return False


def is_withheld(caller: str) -> bool:
    """Whether a caller id stands for nobody: a word, a blank, or a word typed on a keypad."""
    return caller.strip().lower() in _WITHHELD


def country_of(e164: str) -> str | None:
    """The ISO country of a number, None where the number plan knows none."""
    return phonenumbers.region_code_for_number(phonenumbers.parse(e164))


def is_toll_free(e164: str) -> bool:
    """Whether whoever owns the number pays for the calls to it."""
    kind = phonenumbers.number_type(phonenumbers.parse(e164))
    return bool(kind == phonenumbers.PhoneNumberType.TOLL_FREE)


def is_ordinary(e164: str) -> bool:
    """Whether calls to the number cost no more than calls: it is no premium or shared-cost one.

    What the number plan does not know counts as ordinary.
    """
    kind = phonenumbers.number_type(phonenumbers.parse(e164))
    return kind not in {
        phonenumbers.PhoneNumberType.PREMIUM_RATE,
        phonenumbers.PhoneNumberType.SHARED_COST,
    }


def is_of_country(e164: str, country: str) -> bool:
    """Whether a number belongs to a country; what the number plan does not know may be anybody's.

    Toll-free numbers belong to all countries that share their calling code, as +1 800 does.
    """
    if is_toll_free(e164):
        code = phonenumbers.parse(e164).country_code
        return bool(code == phonenumbers.country_code_for_region(country))
    return country_of(e164) in {country, None}


def national(e164: str) -> str:
    """A number as its own country writes it; text that is no number comes back as it is."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)


def international(e164: str) -> str:
    """A number as other countries write it; text that is no number comes back as it is."""
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return e164
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def masked(e164: str) -> str:
    """A number as logs may show it: the last four digits."""
    return f"…{e164[-4:]}" if len(e164) > 4 else "…"
