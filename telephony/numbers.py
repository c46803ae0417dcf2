"""Taking a number and giving it back: what may happen to a number, and in which order.

A purchase is committed as a `purchasing` row before the provider is asked, so that after a
crash or a lost answer the database still says which number may have been paid for; the tag
that the number carries at the provider leads back to the row. A release is committed as
`releasing` before the provider deletes; a delete that fails is made again.
"""

import logging
import secrets

import phonenumbers
from django.conf import settings
from django.db.models import Case, Value, When

from accounts.models import User
from accounts.row_security import service_scope, user_scope
from telephony import usage
from telephony.area_codes import clean_area_code
from telephony.backends.base import NumberType, Offer, get_backend
from telephony.errors import (
    AccountClosed,
    AlreadyHasNumber,
    InvalidPhoneNumber,
    NoneAvailable,
    NoNumber,
    NumberError,
    NumberNotOffered,
    NumberTaken,
    ProviderRefused,
    ProviderUnclear,
    PurchaseInProgress,
)
from telephony.forwarding_reminders import note_forwarding
from telephony.idempotency import answer_of, keep, keep_known, keep_refusal
from telephony.models import (
    LIVE_STATUSES,
    Mover,
    NumberEvent,
    NumberStatus,
    UserPhoneNumber,
    UserPhoneNumberQuerySet,
)
from telephony.number_handover import ALL_OFF, give_back, put_into_service
from telephony.number_offers import offer_for_sale, offers_for_sale
from telephony.number_setup import carrier_addresses, tag_of
from telephony.number_states import NumberChanged, move, move_once, named_refusals
from telephony.phone_numbers import is_of_country, normalise

logger = logging.getLogger(__name__)

OFFERS_PER_SEARCH = 10
# A random number is drawn from this many, so that two owners rarely draw the same one.
OFFERS_PER_DRAW = 30

_CURRENT_FIRST = (
    NumberStatus.ACTIVE,
    NumberStatus.PURCHASING,
    NumberStatus.RELEASING,
    NumberStatus.RELEASED,
)


def active_number(user: User) -> UserPhoneNumber | None:
    """The number that callers of this owner reach."""
    with user_scope(user.pk):
        return UserPhoneNumber.objects.for_user(user).active().first()


def current_number(user: User) -> UserPhoneNumber | None:
    """The number to show an owner: active, else on its way in or out, else the last released."""
    rank = Case(*(When(status=status, then=Value(i)) for i, status in enumerate(_CURRENT_FIRST)))
    rows = UserPhoneNumber.objects.for_user(user).filter(status__in=_CURRENT_FIRST)
    with user_scope(user.pk):
        return rows.order_by(rank, "-updated_at").first()


def search_offers(
    *,
    user: User,
    country: str,
    area_code: str | None,
    number_type: NumberType = NumberType.LOCAL,
    replace: bool = False,
) -> list[Offer]:
    """Numbers the owner could take now; nothing is reserved.

    With `replace` also beside an active number, which one of them would replace.
    Raises AlreadyHasNumber, InvalidPhoneNumber (country or area code), RateLimited,
    DocumentsNeeded, ProviderError.
    """
    if not replace:
        _refuse_a_second(user)
    country = _country(country)
    area_code = clean_area_code(area_code, country=country, number_type=number_type)
    _count_search(user)
    return offers_for_sale(
        country=country, area_code=area_code, number_type=number_type, limit=OFFERS_PER_SEARCH
    )


def random_offer(*, user: User, country: str = "US", replace: bool = False) -> Offer:
    """One number the owner could take now. Raises as `search_offers`, and NoneAvailable."""
    if not replace:
        _refuse_a_second(user)
    country = _country(country)
    _count_search(user)
    offers = offers_for_sale(country=country, area_code=None, limit=OFFERS_PER_DRAW)
    if not offers:
        raise NoneAvailable
    return secrets.choice(offers)


def purchase_number(
    *, user: User, phone_number: str, country: str, replace: bool = False, key: str = ""
) -> UserPhoneNumber:
    """Take a number: the row is active, or purchasing while its outcome is unknown.

    With `replace` an active number is given up for it, after the new one is bought. The same
    number taken again gives the same row; so does a purchase sent again under the same `key`,
    whatever became of the number since. Raises InvalidPhoneNumber, AlreadyHasNumber,
    AccountClosed, NumberChanged, PurchaseInProgress, NumberNotOffered, PriceAboveCap,
    NumberTaken, IdempotencyKeyReused, RateLimited, ProviderError; then nothing was bought.
    """
    country = _country(country)
    phone_number = normalise(phone_number, country)
    if not is_of_country(phone_number, country):
        raise InvalidPhoneNumber(f"This number does not belong to {country}.")
    if known := _known(user, phone_number, key=key):
        return known
    try:
        old = active_number(user)
        if old and not replace:
            raise AlreadyHasNumber
        usage.take("purchase", subject=str(user.pk), limit=settings.NUMBER_PURCHASES_PER_HOUR)
        _refuse_anothers(user, phone_number)
        offer = offer_for_sale(phone_number, country=country)
        number = _reserve(user, offer, beside=old, key=key)
    except NumberError as error:
        # The same form sent twice at once: the first one's row is the answer to both.
        if known := _known(user, phone_number, key=key):
            return known
        if isinstance(error, NumberNotOffered):
            # Bought by another owner while it was looked up: taken, not unheard of.
            _refuse_anothers(user, phone_number)
        raise
    return _buy(number)


def release_number(*, user: User) -> UserPhoneNumber:
    """Give the owner's number back; called again, it finishes what is left to do.

    From the first step on callers reach nothing. The row comes back `releasing` when the
    provider could not delete the number. Raises NoNumber, PurchaseInProgress.
    """
    number = current_number(user)
    if number is None:
        raise NoNumber
    if number.status == NumberStatus.PURCHASING:
        raise PurchaseInProgress
    if number.status == NumberStatus.ACTIVE:
        note_forwarding(number)
        number = move_once(
            number,
            to=NumberStatus.RELEASING,
            from_=NumberStatus.ACTIVE,
            who=Mover.OWNER,
            **ALL_OFF,
        )
    if number.status == NumberStatus.RELEASING:
        number = give_back(number, who=Mover.OWNER)
    return number


def _refuse_a_second(user: User) -> None:
    if active_number(user):
        raise AlreadyHasNumber


def _count_search(user: User) -> None:
    usage.take("search", subject=str(user.pk), limit=settings.NUMBER_SEARCHES_PER_HOUR)


def _country(typed: str) -> str:
    country = typed.strip().upper()
    if country not in phonenumbers.SUPPORTED_REGIONS:
        raise InvalidPhoneNumber("This is not a country; write its two letters, like US.")
    return country


def _known(user: User, phone_number: str, *, key: str) -> UserPhoneNumber | None:
    """The row that the key led to, else the owner's own row, which answers for the key from now on.

    Raises as `answer_of`, and NumberTaken for a number that the owner is giving back.
    """
    with user_scope(user.pk):
        if key and (answer := answer_of(user=user, key=key, phone_number=phone_number)):
            return answer
        mine = _live_rows(phone_number).filter(user=user).first()
        if mine and mine.status == NumberStatus.RELEASING:
            raise NumberTaken("This number is still being released; choose another one.")
        if mine and key:
            keep_known(user=user, key=key, number=mine)
            return answer_of(user=user, key=key, phone_number=phone_number)
        return mine


def _refuse_anothers(user: User, phone_number: str) -> None:
    with service_scope():
        if _live_rows(phone_number).exclude(user=user).exists():
            raise NumberTaken


def _live_rows(phone_number: str) -> UserPhoneNumberQuerySet:
    return UserPhoneNumber.objects.filter(phone_number=phone_number, status__in=LIVE_STATUSES)


def _reserve(
    user: User, offer: Offer, *, beside: UserPhoneNumber | None, key: str
) -> UserPhoneNumber:
    """Commit the intention to buy before anything is paid; `beside` is the number to give up.

    The row is written first and the active number looked for second: with the two turned
    round, a request could look, wait while another finishes its purchase, and then pay too.
    That needs PostgreSQL's READ COMMITTED, which is Django's default.
    """
    with named_refusals(NumberStatus.PURCHASING), user_scope(user.pk, durable=True):
        # Whoever closes the account waits for this row: a purchase is either seen by the erasing
        # or refused, never paid for after it.
        buyers = User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True)
        if buyers.first() is None:
            raise AccountClosed
        number = UserPhoneNumber.objects.create(
            user=user,
            phone_number=offer.phone_number,
            country=offer.country,
            area_code=offer.area_code,
            webhook_base_url=settings.PUBLIC_BASE_URL,
        )
        NumberEvent.objects.create(
            number=number, to_status=NumberStatus.PURCHASING, who=Mover.OWNER
        )
        if active_number(user) != beside:
            raise NumberChanged if beside else AlreadyHasNumber
        if key:
            keep(user=user, key=key, number=number)
    return number


def _buy(number: UserPhoneNumber) -> UserPhoneNumber:
    """Ask the provider and write down what it said; outside any transaction."""
    try:
        bought = get_backend().purchase_number(
            number.phone_number, tag=tag_of(number), addresses=carrier_addresses()
        )
    except ProviderUnclear:
        logger.error("purchase unclear", extra={"number_id": str(number.pk)})
        return number
    except (NumberTaken, ProviderRefused) as error:
        keep_refusal(of=number, refusal=error)
        move(
            number,
            to=NumberStatus.FAILED,
            from_=NumberStatus.PURCHASING,
            who=Mover.OWNER,
            answer={"refused": error.code, **error.provider_answer},
        )
        raise
    return put_into_service(number, sid=bought.sid, who=Mover.OWNER)
