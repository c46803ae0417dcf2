"""What Twilio sells: countries, numbers and their prices.

Source of the prices: Twilio's Pricing API, resource PhoneNumbers/Countries; a search names none.
"""

import logging
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from telephony.area_codes import area_code_of
from telephony.backends.base import Country, NumberType, Offer
from telephony.backends.twilio_errors import NotFound
from telephony.errors import (
    AreaWithoutNumbers,
    DocumentsNeeded,
    ProviderError,
    ProviderUnclear,
)

logger = logging.getLogger(__name__)

T = TypeVar("T")

KEPT_S = 600.0
# How the Pricing API calls the types of number.
_PRICED_AS = {NumberType.LOCAL: "local", NumberType.TOLL_FREE: "toll free"}
# More than there are countries; the list is one page.
_ALL_COUNTRIES = 1000


class Market:
    """Numbers for sale through one client; countries and prices are asked for every ten minutes."""

    def __init__(self, client: Client, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._kept: dict[Hashable, tuple[float, Any]] = {}

    def countries(self) -> tuple[Country, ...]:
        """Raises ProviderError."""
        return self._keep("countries", self._ask_for_countries)

    def offers(
        self, country: str, number_type: NumberType, *, limit: int, **query: str
    ) -> list[Offer]:
        """Numbers without address requirements; empty where there are no numbers at all.

        Raises DocumentsNeeded where there are only others, and ProviderError.
        """
        found = self._search(
            country, number_type, limit=limit, exclude_all_address_required=True, **query
        )
        if not found:
            others = self._search(country, number_type, limit=1, **query)
            if any(record.address_requirements not in {None, "none"} for record in others):
                raise DocumentsNeeded(
                    "Numbers there need an address or documents and cannot be taken here."
                )
            return []
        price = self._price(country, number_type)
        with readable():
            return [_offer(record, country=country, price=price) for record in found]

    def _search(
        self, country: str, number_type: NumberType, *, limit: int, **query: str | bool
    ) -> list[Any]:
        market = self._client.available_phone_numbers(country)
        numbers = market.local if number_type == NumberType.LOCAL else market.toll_free
        try:
            with readable():
                return list(numbers.list(limit=limit, voice_enabled=True, **query))
        except (NotFound, AreaWithoutNumbers):
            return []

    def _price(self, country: str, number_type: NumberType) -> Decimal | None:
        """Dollars a month for a number of this account; None when Twilio does not say."""
        try:
            prices = self._keep(("prices", country), lambda: self._ask_for_prices(country))
        except ProviderError as error:
            logger.warning("price unknown", extra={"country": country, "code": error.code})
            return None
        return prices.get(_PRICED_AS[number_type])

    def _ask_for_countries(self) -> tuple[Country, ...]:
        with readable():
            listed = self._client.available_phone_numbers.list(limit=_ALL_COUNTRIES)
            return tuple(
                Country(
                    code=str(record.country_code),
                    name=str(record.country),
                    number_types=frozenset(
                        kind for kind in NumberType if kind.value in record.subresource_uris
                    ),
                )
                for record in listed
            )

    def _ask_for_prices(self, country: str) -> dict[str, Decimal]:
        with readable():
            told = self._client.pricing.v1.phone_numbers.countries(country).fetch()
            if str(told.price_unit).upper() != "USD":
                return {}
            prices = {
                str(price["number_type"]): Decimal(str(price["current_price"]))
                for price in told.phone_number_prices
            }
            return {kind: price for kind, price in prices.items() if price.is_finite()}

    def _keep(self, key: Hashable, ask: Callable[[], T]) -> T:
        now = self._clock()
        asked_at, answer = self._kept.get(key, (now - KEPT_S, None))
        if now - asked_at >= KEPT_S:
            answer = ask()
            self._kept[key] = (now, answer)
        kept: T = answer
        return kept


@contextmanager
def readable() -> Iterator[None]:
    """An answer that cannot be read leaves open what was done: even a 201 may hold garbage."""
    try:
        yield
    except (
        *(TwilioException, ValueError, TypeError, KeyError, AttributeError),
        InvalidOperation,
    ) as error:
        logger.warning("twilio answer unreadable", extra={"error": type(error).__name__})
        raise ProviderUnclear from error


def _offer(record: Any, *, country: str, price: Decimal | None) -> Offer:
    can = {name.lower() for name, has in record.capabilities.items() if has}
    return Offer(
        phone_number=record.phone_number,
        locality=record.locality or "",
        region=record.region or "",
        country=country,
        area_code=area_code_of(record.phone_number, country=country),
        capabilities=tuple(name for name in ("voice", "sms", "mms", "fax") if name in can),
        monthly_price=price,
    )
