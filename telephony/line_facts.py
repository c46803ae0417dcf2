"""What is known of a line at the moment a call comes in; one query, once it is this call's turn."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, Func, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from telephony import draining, probes
from telephony.answering import LineFacts
from telephony.carrier_requests import IncomingCall
from telephony.models import (
    FINAL_STATUSES,
    Call,
    CallPurpose,
    CallStatus,
    Direction,
    StreamState,
    Switch,
    UserPhoneNumber,
    VoicemailMode,
)
from telephony.prepared_query import PreparedQuery
from telephony.turns import wait_for_turn

DAY = timedelta(hours=24)
LONGEST_RING = timedelta(minutes=2)
PLACES_AT_ONCE = 32
"""So many calls are decided on at one moment: by four servers with eight webhooks each.

More servers may let in too many; docs/deployment.md says so. It would be worse if every call waited
for those to all other numbers, and for one that is stuck.
"""


def look_at_line(incoming: IncomingCall) -> tuple[UserPhoneNumber | None, LineFacts]:
    """The active number that was called, None for any other, and how its line stands.

    The number of an account that is closed or blocked is not in service, though still taken.

    In a transaction, which holds back the next call to the number until this one has its row. The
    calls to all numbers wait for each other only where few places are left.
    """
    wait_for_turn(f"calls to {incoming.called}")
    row, rows = _look(incoming)
    if row is not None and row.calls_of_all + PLACES_AT_ONCE > settings.AGENT_CALLS_AT_ONCE:
        wait_for_turn("calls to all numbers")
        row, rows = _look(incoming)
    return row, LineFacts(
        in_service=row is not None and bool(row.has_open_account),
        is_loop=incoming.caller in {*rows, settings.FORWARDING_CHECK_NUMBER} - {""}
        or (row is not None and bool(row.comes_back)),
        agent_is_off=row is not None and (bool(row.agent_is_off) or draining.here.is_alone),
        agent_is_busy=row is not None
        and (
            row.calls_on_number >= settings.AGENT_CALLS_PER_NUMBER
            or row.calls_of_all >= settings.AGENT_CALLS_AT_ONCE
            or row.seconds_today >= settings.AGENT_MINUTES_PER_DAY * 60
        ),
        voicemail_only=row is not None and row.voicemail_mode == VoicemailMode.VOICEMAIL_ONLY,
        returning_probe=probes.probe_that_returns(incoming, row)
        if row is not None and bool(row.was_probed)
        else None,
    )


def _look(incoming: IncomingCall) -> tuple[Any, dict[str, Any]]:
    """The row of the number that was called, and all rows found by their numbers."""
    found = _called_or_calling.rows(
        {
            "called": incoming.called,
            "caller": incoming.caller,
            "forwarded_from": incoming.forwarded_from,
            "now": timezone.now(),
        },
        constants=(settings.MAX_CALL_SECONDS,),
    )
    rows = {row.phone_number: row for row in found}
    return rows.get(incoming.called), rows


# Building this query took 3 of the 5 ms that an incoming call costs.
@PreparedQuery
def _called_or_calling(
    *, called: str, caller: str, forwarded_from: str, now: datetime
) -> QuerySet[UserPhoneNumber]:
    numbers = UserPhoneNumber.objects.active().filter(phone_number__in=(called, caller))
    # A phone that we ring forwards the call to where it came from.
    ringing = Call.objects.filter(
        Q(to_number=caller) | Q(to_number=forwarded_from),
        number=OuterRef("pk"),
        direction=Direction.OUTBOUND,
        purpose=CallPurpose.CONVERSATION,
        status=CallStatus.RINGING,
        started_at__gt=now - LONGEST_RING,
    )
    return numbers.annotate(comes_back=Exists(ringing), **_facts_in_the_database(now))


def _facts_in_the_database(now: datetime) -> dict[str, Any]:
    longest = timedelta(seconds=settings.MAX_CALL_SECONDS)
    with_agent = (
        Call.objects.exclude(status__in=FINAL_STATUSES)
        .filter(
            Q(stream_state=StreamState.OPEN)
            | Q(stream_state=StreamState.ISSUED, stream_token_expires_at__gt=now)
        )
        .filter(started_at__gt=now - longest)
    )
    talked = Call.objects.filter(
        owner=OuterRef("user"), started_at__gt=now - DAY, started_at__lte=now
    ).exclude(agent_backend="")
    off = Switch.objects.filter(
        Q(number=OuterRef("pk")) | Q(number__isnull=True),
        Q(until__isnull=True) | Q(until__gt=now),
        kind=Switch.Kind.AGENT,
    )
    probed = Call.objects.filter(
        number=OuterRef("pk"),
        purpose=CallPurpose.FORWARDING_CHECK,
        started_at__gt=now - probes.REMEMBERED_FOR,
    )
    return {
        "has_open_account": F("user__is_active"),
        "was_probed": Exists(probed),
        "agent_is_off": Exists(off),
        "calls_on_number": _number_from(with_agent.filter(number=OuterRef("pk")), "COUNT", "pk"),
        "calls_of_all": _number_from(with_agent, "COUNT", "pk"),
        "seconds_today": _number_from(talked, "SUM", "duration_s"),
    }


def _number_from(rows: QuerySet[Call], function: str, field: str) -> Coalesce:
    """A count or sum over other rows; Django's own aggregates would group the outer query."""
    folded = rows.order_by().annotate(
        folded=Func(F(field), function=function, output_field=IntegerField())
    )
    return Coalesce(Subquery(folded.values("folded")), 0)
