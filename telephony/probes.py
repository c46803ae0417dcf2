"""Probe calls: we ring an owner's own phone to see whether her carrier sends the call on to us.

A probe is a row before it is a call. What happens to it is kept as events of that row, for whoever
asked; nothing here says what it proves.
"""

import logging
import re
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.row_security import service_scope
from agent.brief import CallType
from telephony import call_events, phone_numbers
from telephony.backends.base import backend_for_call
from telephony.call_events import EventKind
from telephony.carrier_requests import IncomingCall
from telephony.errors import ProviderError, ProviderRefused, ProviderUnclear
from telephony.models import (
    FINAL_STATUSES,
    Call,
    CallPurpose,
    CallStatus,
    Direction,
    SimulatedCall,
    UserPhoneNumber,
)
from telephony.signatures import public_url

logger = logging.getLogger(__name__)

# Longer than any carrier lets a phone ring before it forwards (30 s), and short of a minute.
RING_S = 50
# A call that comes in later than this has nothing to do with the probe.
OPEN_FOR = timedelta(seconds=90)
# So long the carrier may repeat a request about a call that came back.
REMEMBERED_FOR = timedelta(minutes=15)
_COMPARED_DIGITS = 9


def calling_number(number: UserPhoneNumber) -> str:
    """The number that the owner's phone shows while we test."""
    return settings.FORWARDING_CHECK_NUMBER or number.phone_number


def new_probe(*, number: UserPhoneNumber, to: str, now: datetime) -> Call:
    """The row of a probe of `to`, a phone that should forward to `number`; nothing rings yet."""
    return Call.objects.create(
        number=number,
        owner_id=number.user_id,
        direction=Direction.OUTBOUND,
        purpose=CallPurpose.FORWARDING_CHECK,
        call_type=CallType.VOICEMAIL,
        from_number=calling_number(number),
        to_number=to,
        started_at=now,
        simulated=number.is_simulated,
    )


def place_probe(probe: Call, *, simulated_phone: str) -> None:
    """Let the phone ring; `simulated_phone` is what a simulated one does.

    The row was committed before, so a crash in between leaves a probe that never rang, which its
    deadline ends. An unclear answer leaves it open: the phone may ring. Raises ProviderRefused.
    """
    if probe.simulated:
        with service_scope():
            SimulatedCall.objects.create(call=probe, callee=simulated_phone)
    try:
        sid = backend_for_call(simulated=probe.simulated).place_call(
            to=probe.to_number,
            from_=probe.from_number,
            url=answer_url(probe.id),
            status_url=status_url(probe.id),
            ring_seconds=RING_S,
        )
    except ProviderRefused as error:
        with service_scope():
            _refuse(probe, error)
        raise
    except ProviderUnclear:
        logger.warning("probe unclear", extra={"call": str(probe.id)})
        return
    with service_scope():
        adopt_sid(probe.id, sid)


def _refuse(probe: Call, error: ProviderRefused) -> None:
    SimulatedCall.objects.filter(call=probe).delete()
    Call.objects.filter(id=probe.id).update(
        status=CallStatus.FAILED, failure_code=error.code, ended_at=timezone.now()
    )


def end_probe(probe_id: UUID) -> None:
    """Stop ringing; a probe that is over or never got through needs nothing. No transaction.

    Where the carrier cannot be asked, the phone rings on until its time is over.
    """
    with service_scope():
        probe = Call.objects.exclude(status__in=FINAL_STATUSES).filter(id=probe_id).first()
    if probe is not None and probe.call_sid:
        try:
            backend_for_call(simulated=probe.simulated).end_call(probe.call_sid)
        except ProviderError as error:
            logger.warning("probe rings on", extra={"call": str(probe.id), "code": error.code})


def answer_url(probe_id: UUID) -> str:
    """What the carrier asks when somebody or something takes a probe."""
    return public_url(f"/api/twilio/voice/probe/{probe_id}")


def key_url(probe_id: UUID) -> str:
    """What the carrier asks after the words to whoever took it."""
    return f"{answer_url(probe_id)}/key"


def status_url(probe_id: UUID) -> str:
    """Where the carrier reports on a probe."""
    return f"{answer_url(probe_id)}/status"


def adopt_sid(probe_id: UUID, call_sid: str) -> None:
    """Note the carrier's id of a probe; its first request may be faster than its answer to ours."""
    probes = Call.objects.filter(purpose=CallPurpose.FORWARDING_CHECK)
    probes.filter(id=probe_id, call_sid__isnull=True).update(call_sid=call_sid)


def note(probe_id: UUID, kind: EventKind, *, key: str, payload: dict[str, list[str]]) -> None:
    """Keep what happened to a probe; a repeat, or a probe that is none, changes nothing."""
    probes = Call.objects.filter(purpose=CallPurpose.FORWARDING_CHECK)
    if probes.filter(id=probe_id).exists():
        call_events.note(probe_id, kind=kind, key=key, payload=payload)


def probe_that_returns(incoming: IncomingCall, number: UserPhoneNumber) -> UUID | None:
    """The probe that comes back to us as this call, if it is one.

    Carriers keep the caller of a diverted call, or put the subscriber in her place. Only an open
    probe is looked for, or the same request again. That somebody was forwarded from the same phone
    meanwhile is a caller and not the probe.
    """
    recent = Call.objects.filter(
        number=number,
        purpose=CallPurpose.FORWARDING_CHECK,
        started_at__gt=timezone.now() - REMEMBERED_FOR,
    )
    repeated = recent.filter(
        events__kind=EventKind.PROBE_CAME_BACK, events__key=incoming.call_sid
    ).first()
    if repeated is not None:
        return repeated.id
    still_open = recent.exclude(status__in=FINAL_STATUSES).filter(
        started_at__gt=timezone.now() - OPEN_FOR
    )
    for probe in still_open.order_by("-started_at"):
        if any(same_line(incoming.caller, one) for one in (probe.from_number, probe.to_number)):
            return probe.id
    return None


def note_return(probe_id: UUID, incoming: IncomingCall) -> None:
    """Keep that a probe has come back, and how it looked."""
    facts = {
        "From": [phone_numbers.masked(incoming.caller)],
        "ForwardedFrom": [phone_numbers.masked(incoming.forwarded_from)],
    }
    note(probe_id, EventKind.PROBE_CAME_BACK, key=incoming.call_sid, payload=facts)


def same_line(one: str, other: str) -> bool:
    """Whether two spellings mean the same phone: carriers write with and without country code."""
    digits = [re.sub(r"\D", "", spelling)[-_COMPARED_DIGITS:] for spelling in (one, other)]
    shorter = min(len(digits[0]), len(digits[1]))
    return shorter >= _COMPARED_DIGITS - 1 and digits[0][-shorter:] == digits[1][-shorter:]
