"""Calling somebody for an owner: who may be called, when and how often.

Whatever is refused here is refused before a row is written, so nobody's phone rings. The caps
are counted by conditional updates; that one call runs at a time is a constraint of the database.
"""

import hashlib
import logging
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Q, Sum
from django.utils import timezone

from accounts.models import User
from accounts.row_security import service_scope, user_scope
from agent.brief import CallType
from telephony import do_not_call, usage
from telephony.api_errors import NoActiveNumber
from telephony.backends.base import get_backend
from telephony.callable_numbers import read_callee, refuse_uncallable
from telephony.dialling import dial, settle_unplaced_calls
from telephony.errors import IdempotencyKeyReused, ProviderRefused, RateLimited
from telephony.idempotency import KEPT, forgotten, keep_refusal, refusal_of_call
from telephony.models import (
    Call,
    CallPurpose,
    Campaign,
    Direction,
    IdempotencyKey,
    OutboundTerms,
    Switch,
    UserPhoneNumber,
)
from telephony.outbound_checks import MACHINE_POLICIES
from telephony.outbound_errors import (
    AllCallsUsed,
    CallRunning,
    CampaignNotFound,
    DailyCallsUsed,
    DailyMinutesUsed,
    OnDoNotCallList,
    OutboundOff,
    OutboundTermsNeeded,
    OwnNumber,
    QuietHours,
)
from telephony.phone_numbers import masked
from telephony.quiet_hours import is_quiet

logger = logging.getLogger(__name__)

DAY = timedelta(hours=24)
TERMS_VERSION = 1
CAPS = (AllCallsUsed, CallRunning, DailyCallsUsed, DailyMinutesUsed)


def place_call(
    *, user: User, phone_number: str, campaign_id: UUID | None = None, key: str = ""
) -> Call:
    """Have the owner's agent call somebody; without a SID it is unknown yet whether it rings.

    The same `key` gives the same call or refusal again; a refusal that may pass frees it. Raises
    NoActiveNumber, CampaignNotFound, NotReadyToCall, InvalidPhoneNumber, CallRefused, NotCallable,
    CountryNotAllowed, IdempotencyKeyReused and ProviderRefused; then nobody was called.
    """
    asked = _hash_of(phone_number, campaign_id)
    if known := _known(user, key, asked):
        return known
    number, campaign = _ready(user, campaign_id)
    callee = read_callee(phone_number, country=number.country)
    refuse_uncallable(callee, countries=callable_countries(number))
    _refuse_agents(callee)
    if is_quiet(
        callee,
        now=timezone.now(),
        first_hour=settings.OUTBOUND_FIRST_HOUR,
        last_hour=settings.OUTBOUND_LAST_HOUR,
    ):
        raise QuietHours
    settle_unplaced_calls()
    try:
        _refuse_unwanted(user, callee)
        _count(user)
        call = _reserve(number, callee, campaign, key=key, asked=asked)
    except CAPS:
        # The same request sent twice at once: the first one's call is the answer to both.
        if known := _known(user, key, asked):
            return known
        raise
    logger.info("calling somebody", extra={"call": str(call.id), "callee": masked(callee)})
    try:
        return dial(call, machine_detection=MACHINE_POLICIES[settings.OUTBOUND_MACHINE])
    except ProviderRefused as refusal:
        keep_refusal(of=call, refusal=refusal)
        raise


def callable_countries(number: UserPhoneNumber) -> list[str]:
    """The countries that calls from this number may go to."""
    return settings.OUTBOUND_COUNTRIES or [number.country]


def needs_terms(user: User) -> bool:
    """Whether real calls wait for the owner's acceptance of the terms."""
    return not get_backend().is_simulated and accepted_terms(user) is None


def accepted_terms(user: User) -> OutboundTerms | None:
    """The owner's acceptance of the terms as they are now."""
    with user_scope(user.pk):
        return OutboundTerms.objects.filter(owner=user, version__gte=TERMS_VERSION).first()


def accept_terms(user: User) -> None:
    """Note that the owner takes on the duties of whoever has people called; once is enough."""
    now = timezone.now()
    terms = OutboundTerms(owner=user, version=TERMS_VERSION, accepted_at=now)
    with user_scope(user.pk):
        OutboundTerms.objects.bulk_create([terms], ignore_conflicts=True)
        older = OutboundTerms.objects.filter(owner=user, version__lt=TERMS_VERSION)
        older.update(version=TERMS_VERSION, accepted_at=now)


def latest_calls(user: User, limit: int) -> list[Call]:
    """The owner's last outgoing calls, the newest first."""
    calls = Call.objects.for_user(user).filter(
        direction=Direction.OUTBOUND, purpose=CallPurpose.CONVERSATION
    )
    return list(calls.select_related("campaign").order_by("-started_at", "-id")[:limit])


def _ready(user: User, campaign_id: UUID | None) -> tuple[UserPhoneNumber, Campaign | None]:
    with user_scope(user.pk):
        number = UserPhoneNumber.objects.for_user(user).active().first()
        if number is None:
            raise NoActiveNumber
        campaign = None
        if campaign_id is not None:
            mine = Campaign.objects.for_user(user).filter(id=campaign_id, is_active=True)
            campaign = mine.first()
            if campaign is None:
                raise CampaignNotFound
    if needs_terms(user):
        raise OutboundTermsNeeded
    if is_off(number):
        raise OutboundOff
    return number, campaign


def is_off(number: UserPhoneNumber) -> bool:
    """Whether staff have switched off calling, or the agent itself, for the number or for all."""
    with service_scope():
        off = Switch.objects.filter(
            Q(number=number) | Q(number__isnull=True),
            Q(until__isnull=True) | Q(until__gt=timezone.now()),
            kind__in=(Switch.Kind.OUTBOUND, Switch.Kind.AGENT),
        )
        return off.exists()


def _refuse_agents(callee: str) -> None:
    with service_scope():
        if UserPhoneNumber.objects.active().filter(phone_number=callee).exists():
            raise OwnNumber


def _refuse_unwanted(user: User, callee: str) -> None:
    with user_scope(user.pk):
        if do_not_call.is_listed(user.pk, callee):
            raise OnDoNotCallList
        now = timezone.now()
        recent = Call.objects.for_user(user).filter(
            direction=Direction.OUTBOUND, started_at__gt=now - DAY
        )
        seconds = (
            recent.filter(started_at__lte=now).aggregate(seconds=Sum("duration_s"))["seconds"] or 0
        )
        if seconds >= settings.OUTBOUND_MINUTES_PER_DAY * 60:
            raise DailyMinutesUsed
        running = recent.filter(purpose=CallPurpose.CONVERSATION)
        if any(not call.is_final for call in running.only("status")):
            raise CallRunning


def _count(user: User) -> None:
    """Count the call; one that is refused from here on stays counted."""
    try:
        usage.take("call", subject=str(user.pk), limit=settings.OUTBOUND_CALLS_PER_DAY, period=DAY)
    except RateLimited as error:
        raise DailyCallsUsed from error
    try:
        usage.take(
            "call", subject="instance", limit=settings.OUTBOUND_CALLS_PER_DAY_IN_ALL, period=DAY
        )
    except RateLimited as error:
        raise AllCallsUsed from error


def _reserve(
    number: UserPhoneNumber, callee: str, campaign: Campaign | None, *, key: str, asked: str
) -> Call:
    """The committed row of a call to be placed, and its key; both or neither.

    Raises CallRunning when another call of the owner runs or the key was just used.
    """
    call = Call(
        number=number,
        owner_id=number.user_id,
        direction=Direction.OUTBOUND,
        call_type=CallType.LIVE,
        from_number=number.phone_number,
        to_number=callee,
        campaign=campaign,
        call_sid=None,
        simulated=get_backend().is_simulated,
    )
    try:
        with user_scope(number.user_id, durable=True):
            call.save(force_insert=True)
            if key:
                IdempotencyKey.objects.create(
                    owner_id=number.user_id, key=key, request_hash=asked, call=call
                )
    except IntegrityError as error:
        raise CallRunning from error
    return call


def _known(user: User, key: str, asked: str) -> Call | None:
    """The call that a request under this key led to.

    Raises IdempotencyKeyReused, and the ProviderRefused that the call met.
    """
    if not key:
        return None
    with user_scope(user.pk):
        keys = (key, forgotten(key))
        mine = IdempotencyKey.objects.filter(owner=user, key__in=keys).select_related("call")
        mine.filter(created_at__lte=timezone.now() - KEPT).delete()
        earlier = mine.first()
    if earlier is None:
        return None
    if earlier.request_hash != asked or earlier.call is None:
        raise IdempotencyKeyReused
    if refusal := refusal_of_call(earlier):
        raise refusal
    return earlier.call


def _hash_of(phone_number: str, campaign_id: UUID | None) -> str:
    return hashlib.sha256(f"call {phone_number} {campaign_id}".encode()).hexdigest()
