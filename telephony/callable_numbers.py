"""Which numbers an agent may call at all. Pure: by the number plan, no clock and no database."""

import re
from collections.abc import Collection

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType, shortnumberinfo

from telephony.errors import CountryNotAllowed, InvalidPhoneNumber, NotCallable
from telephony.outbound_errors import (
    EmergencyNumber,
    NumberTypeNotAllowed,
    PremiumNumber,
    SatelliteNumber,
    SharedCostNumber,
    ShortCode,
)
from telephony.phone_numbers import normalise

SHORT_DIGITS = 6
"""Whatever is dialled with so few digits reaches a service and not a person."""

CALLABLE_TYPES = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
}
# Inmarsat, the global mobile satellite systems, and the international networks whose users are
# mostly satellite phones. The number plan calls them mobiles (ITU-T E.164, assigned codes).
SATELLITE_CODES = {870, 881, 882, 883}
# Pay-per-call exchanges of North America, which the number plan takes for ordinary lines.
_PAY_PER_CALL = re.compile(r"1[2-9]\d{2}976\d{4}")


def read_callee(typed: str, *, country: str) -> str:
    """E.164 of a number to be called; one without a country code is read in `country`.

    Raises EmergencyNumber and ShortCode for what has no E.164 form, else InvalidPhoneNumber.
    """
    digits = re.sub(r"\D", "", typed)
    if not typed.strip().startswith("+"):
        _refuse_short(digits, country)
    try:
        return normalise(typed, country)
    except InvalidPhoneNumber:
        _refuse_short_abroad(typed)
        raise


def refuse_uncallable(phone_number: str, *, countries: Collection[str]) -> None:
    """Refuse an E.164 number that is no ordinary phone in one of `countries`.

    Countries are told apart by the whole number: +1 and +44 belong to many. Raises a CallRefused,
    NotCallable for a number that nobody can have, or CountryNotAllowed.
    """
    number = phonenumbers.parse(phone_number)
    if number.country_code in SATELLITE_CODES:
        raise SatelliteNumber
    kind = phonenumbers.number_type(number)
    if kind == PhoneNumberType.PREMIUM_RATE or _PAY_PER_CALL.fullmatch(phone_number[1:]):
        raise PremiumNumber
    if kind == PhoneNumberType.SHARED_COST:
        raise SharedCostNumber
    if not phonenumbers.is_valid_number(number):
        if _reaches_emergency(_national(number), _region(number)):
            raise EmergencyNumber
        raise NotCallable
    if kind not in CALLABLE_TYPES:
        raise NumberTypeNotAllowed
    if phonenumbers.region_code_for_number(number) not in countries:
        raise CountryNotAllowed


def _refuse_short(digits: str, country: str) -> None:
    if _reaches_emergency(digits, country):
        raise EmergencyNumber
    if 0 < len(digits) <= SHORT_DIGITS:
        raise ShortCode


def _refuse_short_abroad(typed: str) -> None:
    """Refuse a short number behind a country code, as +1911."""
    try:
        number = phonenumbers.parse(typed)
    except phonenumbers.NumberParseException:
        return
    if len(_national(number)) <= SHORT_DIGITS:
        _refuse_short(_national(number), _region(number))


def _reaches_emergency(digits: str, country: str) -> bool:
    """Whether a phone in the country, or anywhere that takes foreign ones, reaches emergency."""
    if digits in {"112", "911", "999", "000"}:
        return True
    return shortnumberinfo.connects_to_emergency_number(digits, country)


def _national(number: PhoneNumber) -> str:
    return phonenumbers.national_significant_number(number)


def _region(number: PhoneNumber) -> str:
    return phonenumbers.region_code_for_country_code(number.country_code or 0)
