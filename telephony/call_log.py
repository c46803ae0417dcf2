"""The owner's call log: every call of hers, newest first, filtered and searched."""

import uuid
from collections.abc import Sequence

from django.db.models import Q, QuerySet, TextChoices, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan

from accounts.models import User
from telephony import phone_numbers
from telephony.cursors import Slice, slice_of
from telephony.end_reasons import EndReason
from telephony.errors import BadSearch, InvalidPhoneNumber
from telephony.models import FINAL_STATUSES, Call, CallPurpose, Direction
from telephony.numbers import active_number

CALLS_PER_PAGE = 25
MAX_SEARCH_LENGTH = 64
MIN_DIGITS = 3
HOME_COUNTRY = "US"


class CallFilter(TextChoices):
    """Which calls to show; checks of the forwarding stand among all calls only."""

    ALL = "all", "All"
    ANSWERED = "answered", "Answered"
    VOICEMAIL = "voicemail", "After the tone"
    MISSED = "missed", "No message"
    OUTGOING = "outgoing", "Outgoing"


ANSWERED = (EndReason.AGENT_FINISHED, EndReason.TIME_LIMIT, EndReason.CALLER_HUNG_UP)
VOICEMAIL = (EndReason.MESSAGE_TAKEN, EndReason.MESSAGE_AFTER_FAILURE)

_CAME_IN = Q(direction=Direction.INBOUND, purpose=CallPurpose.CONVERSATION)
_FILTERS: dict[CallFilter, Q] = {
    CallFilter.ALL: Q(),
    CallFilter.ANSWERED: _CAME_IN & Q(end_reason__in=ANSWERED),
    CallFilter.VOICEMAIL: _CAME_IN & Q(end_reason__in=VOICEMAIL),
    CallFilter.MISSED: _CAME_IN
    & Q(status__in=FINAL_STATUSES)
    & ~Q(end_reason__in=(*ANSWERED, *VOICEMAIL)),
    CallFilter.OUTGOING: Q(direction=Direction.OUTBOUND, purpose=CallPurpose.CONVERSATION),
}


def calls_of(user: User) -> QuerySet[Call]:
    """The owner's calls, with all that a record holds."""
    return Call.objects.for_user(user).select_related("number")


def find_call(*, user: User, call_id: uuid.UUID, related: Sequence[str] = ()) -> Call:
    """One of the owner's calls. Raises Call.DoesNotExist, also for somebody else's."""
    return calls_of(user).select_related("number", *related).get(id=call_id)


def earlier_calls(call: Call, *, related: Sequence[str] = ()) -> QuerySet[Call]:
    """The owner's calls with the same other side before this one, newest first."""
    earlier = Call.objects.filter(owner=call.owner_id, started_at__lt=call.started_at)
    if call.caller_withheld or not call.other_number:
        return earlier.none()
    if call.direction == Direction.INBOUND:
        same = earlier.filter(direction=Direction.INBOUND, from_number=call.from_number)
    else:
        same = earlier.filter(direction=Direction.OUTBOUND, to_number=call.to_number)
    return same.select_related("number", *related).order_by("-started_at")


def page_of_calls(
    *,
    user: User,
    shown: CallFilter = CallFilter.ALL,
    typed: str = "",
    cursor: str = "",
    limit: int = CALLS_PER_PAGE,
    related: Sequence[str] = (),
) -> Slice[Call]:
    """A page of the owner's log; `related` names what else a row shows, to come along.

    Raises BadCursor and BadSearch.
    """
    calls = calls_of(user).filter(_FILTERS[shown]).select_related("number", *related)
    if typed.strip():
        calls = calls.filter(_with(typed, _home_country(user)))
    return slice_of(calls, moment="started_at", cursor=cursor, limit=limit)


def _home_country(user: User) -> str:
    """Where a number without a country code belongs."""
    number = active_number(user)
    return number.country if number else HOME_COUNTRY


def _with(typed: str, country: str) -> Q:
    """Calls with a number, in whatever spelling, or with part of one."""
    if len(typed) > MAX_SEARCH_LENGTH:
        raise BadSearch
    if phone_numbers.is_withheld(typed):
        return Q(caller_withheld=True)
    try:
        number = phone_numbers.normalise(typed, country)
    except InvalidPhoneNumber:
        # Neither the digit before the area code nor the one before the country is in E.164.
        digits = phone_numbers.digits_of(typed).lstrip("0")
        if len(digits) < MIN_DIGITS:
            raise BadSearch from None
        return _with_other(_holds("from_number", digits), _holds("to_number", digits))
    return _with_other(Q(from_number=number), Q(to_number=number))


def _with_other(caller: Q, callee: Q) -> Q:
    came_in = Q(direction=Direction.INBOUND) & caller
    return came_in | (Q(direction=Direction.OUTBOUND) & callee)


def _holds(field: str, digits: str) -> Q:
    """By position, which PostgreSQL finds faster than by LIKE."""
    return Q(GreaterThan(StrIndex(field, Value(digits)), 0))
