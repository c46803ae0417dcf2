"""Which of the provider's numbers are sold here: no dear ones and no premium ones."""

import logging
from decimal import Decimal

import phonenumbers
from django.conf import settings

from accounts.models import User
from telephony import usage
from telephony.area_codes import area_code_of
from telephony.backends.base import Country, NumberType, Offer, get_backend
from telephony.errors import (
    NumberError,
    NumberNotOffered,
    PriceAboveCap,
    ProviderError,
    RateLimited,
)
from telephony.phone_numbers import is_of_country, is_ordinary, is_toll_free

logger = logging.getLogger(__name__)

# Offered while the provider cannot be asked: its answer to the search then says what there is.
_UNASKED = Country(code="US", name="United States", number_types=frozenset({NumberType.LOCAL}))


def countries_for_sale() -> tuple[Country, ...]:
    """Where the provider has local numbers, the United States first, then by name.

    Never empty: the United States alone when the provider does not say.
    """
    try:
        listed = get_backend().countries()
    except ProviderError as error:
        logger.warning("countries unknown", extra={"code": error.code})
        return (_UNASKED,)
    sold = [
        country
        for country in listed
        if NumberType.LOCAL in country.number_types
        and country.code in phonenumbers.SUPPORTED_REGIONS
    ]
    sold.sort(key=lambda country: (country.code != "US", country.name))
    return tuple(sold) or (_UNASKED,)


def offers_for_sale(
    *,
    country: str,
    area_code: str | None,
    limit: int,
    number_type: NumberType = NumberType.LOCAL,
) -> list[Offer]:
    """What the provider has and a purchase would not refuse. Raises DocumentsNeeded, ProviderError.

    Nothing is counted and nothing reserved.
    """
    offers = get_backend().search_numbers(
        country=country, area_code=area_code, limit=limit, number_type=number_type
    )
    return [offer for offer in offers if _refusal_of(offer, country=country) is None]


def offer_for_sale(phone_number: str, *, country: str) -> Offer:
    """The offer for one number. Raises NumberNotOffered, PriceAboveCap and as above."""
    offer = get_backend().find_offer(phone_number, country=country)
    if offer is None:
        raise NumberNotOffered
    if refusal := _refusal_of(offer, country=country):
        raise refusal
    return offer


def offer_to_confirm(*, user: User, phone_number: str, country: str) -> Offer:
    """What an owner is asked to confirm; looked up as often as searches may be made.

    Raises RateLimited and as `offer_for_sale`.
    """
    usage.take("confirm", subject=str(user.pk), limit=settings.NUMBER_SEARCHES_PER_HOUR)
    return offer_for_sale(phone_number, country=country)


def offers_instead(*, user: User, phone_number: str, country: str, limit: int) -> list[Offer]:
    """Other numbers of the kind and the area, else of the country, after one was not to be had.

    Not counted as a search, which the owner did not ask for; but a refusal that is asked for again
    and again brings them no oftener than purchases can be made. None when they cannot be had.
    """
    number_type = NumberType.TOLL_FREE if is_toll_free(phone_number) else NumberType.LOCAL
    area_code = area_code_of(phone_number, country=country)
    if number_type == NumberType.TOLL_FREE:
        area_code = None
    try:
        usage.take("instead", subject=str(user.pk), limit=settings.NUMBER_PURCHASES_PER_HOUR)
        for area in dict.fromkeys((area_code, None)):
            offers = offers_for_sale(
                country=country, area_code=area, limit=limit, number_type=number_type
            )
            if offers:
                return offers
    except (ProviderError, RateLimited) as error:
        logger.info("no other offers", extra={"code": error.code})
    return []


def _refusal_of(offer: Offer, *, country: str) -> NumberError | None:
    """Why a number is not sold here, if it is not."""
    if not is_ordinary(offer.phone_number):
        return NumberNotOffered("Premium numbers are not sold here. Nothing was charged.")
    if not is_of_country(offer.phone_number, country) or "voice" not in offer.capabilities:
        return NumberNotOffered()
    cap = Decimal(settings.NUMBER_MONTHLY_PRICE_CAP)
    if offer.monthly_price is None:
        # A local number costs about a dollar; what a toll-free one costs has to be known.
        if is_toll_free(offer.phone_number):
            return PriceAboveCap(
                "The phone provider does not say what this toll-free number costs, so it is not "
                "sold here. Nothing was charged."
            )
    elif offer.monthly_price > cap:
        return PriceAboveCap(
            f"This number costs ${offer.monthly_price} a month, and this installation allows "
            f"${cap}. Nothing was charged."
        )
    return None
