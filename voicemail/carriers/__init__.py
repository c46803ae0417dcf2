"""Carriers and their forwarding codes, as data: which there are, and which one an owner has.

Every entry names its source and how sure it is. Codes are advice; only a call that came back
proves that forwarding works.
"""

import phonenumbers
from phonenumbers import carrier as carrier_names

from voicemail.carriers import europe, north_america, pacific
from voicemail.carriers.carrier import Carrier, Certainty
from voicemail.carriers.codes import (
    GSM,
    GSM_NORTH_AMERICA,
    RING_S,
    CodeSet,
    Condition,
    Dialling,
    fill_in,
)
from voicemail.carriers.phones import PHONES, Phone, PhoneKind, phone_of

__all__ = [
    "CARRIERS",
    "COUNTRIES",
    "PHONES",
    "RING_S",
    "STANDARD",
    "Carrier",
    "Certainty",
    "CodeSet",
    "Condition",
    "Dialling",
    "Phone",
    "PhoneKind",
    "carriers_of",
    "country_of",
    "fill_in",
    "find_carrier",
    "guess_carrier",
    "phone_of",
    "why_unsupported",
]

COUNTRIES: dict[str, tuple[Carrier, ...]] = {
    "US": north_america.UNITED_STATES,
    "CA": north_america.CANADA,
    "GB": europe.UNITED_KINGDOM,
    "IE": europe.IRELAND,
    "FR": europe.FRANCE,
    "DE": europe.GERMANY,
    "ES": europe.SPAIN,
    "IT": europe.ITALY,
    "NL": europe.NETHERLANDS,
    "AU": pacific.AUSTRALIA,
}
_UNSUPPORTED = {
    "IN": (
        "Forwarding from Indian phones is not supported: operators bar it abroad, and forwarding "
        "by code was stopped in 2024 against fraud."
    )
}
_VERIFY = "These are the codes that mobile networks share. Let the test call say whether they work."

STANDARD = Carrier(
    key="standard",
    country="",
    name="Another carrier",
    codes=GSM,
    certainty=Certainty.STANDARD,
    source="3GPP TS 22.030",
    notes=(_VERIFY,),
)
_STANDARD_NORTH_AMERICA = Carrier(
    key="standard",
    country="",
    name="Another carrier",
    codes=GSM_NORTH_AMERICA,
    certainty=Certainty.STANDARD,
    source="3GPP TS 22.030",
    notes=(_VERIFY,),
)
CARRIERS = (*(each for carriers in COUNTRIES.values() for each in carriers), STANDARD)


def carriers_of(country: str) -> tuple[Carrier, ...]:
    """What an owner with a phone of this country chooses from; none where it is not supported."""
    if country in _UNSUPPORTED:
        return ()
    return (*COUNTRIES.get(country, ()), _standard(country))


def find_carrier(key: str, *, country: str) -> Carrier | None:
    """The carrier with this key, if owners of this country can have it."""
    return next((each for each in carriers_of(country) if each.key == key), None)


def guess_carrier(phone_number: str) -> Carrier | None:
    """The carrier that this range of numbers was given to, which the number may have left.

    The data knows many ranges of Europe and Australia, and none of the US and Canada.
    """
    name = carrier_names.name_for_number(phonenumbers.parse(phone_number), "en")
    known = COUNTRIES.get(country_of(phone_number), ())
    return next((each for each in known if name and name in each.also_known_as), None)


def country_of(phone_number: str) -> str:
    """The ISO country of a number in E.164; by its country code where its range is unknown."""
    parsed = phonenumbers.parse(phone_number)
    region = phonenumbers.region_code_for_number(parsed)
    return region or phonenumbers.region_code_for_country_code(parsed.country_code or 0)


def why_unsupported(country: str) -> str:
    """The reason why phones of this country cannot forward to Aloha; blank where they can."""
    return _UNSUPPORTED.get(country, "")


def _standard(country: str) -> Carrier:
    is_north_american = phonenumbers.country_code_for_region(country) == 1
    return _STANDARD_NORTH_AMERICA if is_north_american else STANDARD
