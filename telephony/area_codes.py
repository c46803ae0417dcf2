"""Which countries have area codes that an owner can ask for, and where they stand in a number."""

import re

from telephony.backends.area_places import (
    CANADIAN_CITIES,
    CANADIAN_PROVINCES,
    US_CITIES,
    US_STATES,
)
from telephony.errors import InvalidPhoneNumber

# Twilio's search takes an area code for these countries only.
COUNTRIES_WITH_AREA_CODES = frozenset({"US", "CA"})

_AREA_CODE = re.compile(r"[2-9][0-9]{2}")


def area_code_of(phone_number: str, *, country: str) -> str | None:
    """The area code of an E.164 number; None where the country has none to ask for."""
    return phone_number[2:5] if country in COUNTRIES_WITH_AREA_CODES else None


def place_of_area_code(area_code: str) -> tuple[str, str]:
    """City and state that an area code stands for; both may be blank."""
    if city := (US_CITIES | CANADIAN_CITIES).get(area_code):
        return city
    states = US_STATES | CANADIAN_PROVINCES
    return "", next((state for state, codes in states.items() if area_code in codes.split()), "")


def clean_area_code(typed: str | None, *, country: str, number_type: str = "local") -> str | None:
    """The area code somebody typed; blank means none. Raises InvalidPhoneNumber."""
    area_code = (typed or "").strip().removeprefix("(").removesuffix(")")
    if not area_code:
        return None
    if number_type != "local":
        raise InvalidPhoneNumber(
            "Toll-free numbers have no area code to choose; leave the field empty."
        )
    if country not in COUNTRIES_WITH_AREA_CODES:
        raise InvalidPhoneNumber(
            f"Numbers in {country} have no area code to choose; leave the field empty."
        )
    if not _AREA_CODE.fullmatch(area_code):
        raise InvalidPhoneNumber(
            "An area code has three digits and does not start with 0 or 1, like 415."
        )
    return area_code
