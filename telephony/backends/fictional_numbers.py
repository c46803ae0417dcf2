"""Numbers that belong to nobody, kept free by the number plans for films, books and tests.

Sources: NANPA (555-0100 to 555-0199), Ofcom (020 7946 0xxx), ARCEP (01 99 00), ACMA
(02 5550 xxxx), Bundesnetzagentur (030 23125 xxx).
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from telephony.area_codes import COUNTRIES_WITH_AREA_CODES
from telephony.backends.area_places import (
    CANADIAN_CITIES,
    CANADIAN_PROVINCES,
    US_CITIES,
    US_STATES,
)

_CITIES = {"US": US_CITIES, "CA": CANADIAN_CITIES}
_STATES = {
    country: {code: state for state, codes in states.items() for code in codes.split()}
    for country, states in (("US", US_STATES), ("CA", CANADIAN_PROVINCES))
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Range:
    """Numbers with one prefix and `digits` further digits."""

    prefix: str
    digits: int
    place: tuple[str, str]


_RANGES = {
    "GB": _Range(prefix="+442079460", digits=3, place=("London", "England")),
    "FR": _Range(prefix="+3319900", digits=4, place=("Paris", "Île-de-France")),
    "AU": _Range(prefix="+6125550", digits=4, place=("Sydney", "NSW")),
    "DE": _Range(prefix="+493023125", digits=3, place=("Berlin", "Berlin")),
}
COUNTRIES = COUNTRIES_WITH_AREA_CODES | _RANGES.keys()
COUNTRY_NAMES = {
    "US": "United States",
    "AU": "Australia",
    "CA": "Canada",
    "FR": "France",
    "DE": "Germany",
    "GB": "United Kingdom",
}
# The one toll-free number that the North American plan keeps for fiction.
TOLL_FREE_NUMBERS = {"US": ("+18005550199",), "CA": ("+18005550199",)}


def numbers_for(country: str, area_code: str | None) -> Iterator[str]:
    """Fictional numbers in an order that looks random and is the same every time."""
    if country in _RANGES:
        yield from _shuffled(_RANGES[country])
    elif area_code:
        if area_code in _STATES.get(country, {}):
            yield from _shuffled(_area_range(area_code))
    elif country in _CITIES:
        rows = [_shuffled(_area_range(code)) for code in _mixed(_CITIES[country])]
        for across in zip(*rows, strict=True):
            yield from across


def place_of(phone_number: str, *, country: str) -> tuple[str, str]:
    """Locality and region of a number; both may be blank."""
    if number_range := _RANGES.get(country):
        return number_range.place if phone_number.startswith(number_range.prefix) else ("", "")
    area_code = phone_number[2:5]
    return _CITIES[country].get(area_code) or ("", _STATES[country].get(area_code, ""))


def _area_range(area_code: str) -> _Range:
    return _Range(prefix=f"+1{area_code}55501", digits=2, place=("", ""))


def _shuffled(number_range: _Range) -> list[str]:
    lines = (f"{line:0{number_range.digits}d}" for line in range(10**number_range.digits))
    return _mixed(number_range.prefix + line for line in lines)


def _mixed(words: Iterable[str]) -> list[str]:
    return sorted(words, key=lambda word: hashlib.sha256(word.encode()).digest())
