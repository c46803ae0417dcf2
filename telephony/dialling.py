"""Placing a call whose row is committed, and finding that row again.

The row is written first and the provider asked outside every transaction. Every address the
provider is given names the row, so that its requests find it whatever comes first: our commit of
the SID, or the call's own first webhook. A call whose outcome stays unknown is settled as failed
once it can no longer ring; should it ring all the same, its webhook hangs up.
"""

import logging
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.row_security import service_scope
from telephony.backends.base import MachineDetection, backend_for_call
from telephony.calls import settle_end_reason
from telephony.errors import ProviderRefused, ProviderUnclear
from telephony.models import FINAL_STATUSES, Call, CallStatus, Direction, SimulatedCall
from telephony.signatures import public_url
from telephony.simulated_callees import callee_at

logger = logging.getLogger(__name__)

# After the ring time: the provider's own queue, and its first request to us.
UNPLACED_GRACE = timedelta(seconds=60)


def dial(call: Call, *, machine_detection: MachineDetection = MachineDetection.OFF) -> Call:
    """Have the provider place the call of a committed row, once; the row as it is then.

    Without a SID it is unknown whether it rings. Raises ProviderRefused; the row has failed then.
    """
    url = public_url(f"/api/twilio/voice/incoming?call={call.id}")
    status_url = public_url(f"/api/twilio/voice/status?call={call.id}")
    ring_seconds = settings.OUTBOUND_RING_SECONDS
    try:
        sid = backend_for_call(simulated=call.simulated).place_call(
            to=call.to_number,
            from_=call.from_number,
            url=url,
            status_url=status_url,
            ring_seconds=ring_seconds,
            machine_detection=machine_detection,
        )
    except ProviderUnclear:
        logger.warning("outgoing call is unclear", extra={"call": str(call.id)})
    except ProviderRefused as error:
        with service_scope():
            _fail(Call.objects.filter(id=call.id), code=error.code)
        raise
    else:
        simulation = SimulatedCall(
            call=call,
            callee=callee_at(call.to_number),
            url=url,
            status_url=status_url,
            ring_seconds=ring_seconds,
            machine_detection=machine_detection.value,
        )
        _keep_sid(call, sid, simulation)
    with service_scope():
        return Call.objects.get(id=call.id)


def _keep_sid(call: Call, sid: str, simulation: SimulatedCall) -> None:
    with service_scope():
        known = find_dialled(call.id, sid)
        if known is None:
            logger.error("outgoing call has two SIDs", extra={"call_sid": sid})
        elif call.simulated:
            simulation.save(force_insert=True)


def find_dialled(call_id: UUID, call_sid: str) -> Call | None:
    """The outgoing call of this row; the first SID that comes for it is its own, others are not."""
    row = Call.objects.filter(id=call_id, direction=Direction.OUTBOUND)
    try:
        with transaction.atomic():
            row.filter(call_sid__isnull=True).update(call_sid=call_sid)
    except IntegrityError:
        # The SID belongs to another call.
        return None
    return row.filter(call_sid=call_sid).select_related("number", "owner", "campaign").first()


def settle_unplaced_calls() -> int:
    """Give up calls of which the provider never said whether they ring; how many there were."""
    longest = timedelta(seconds=settings.OUTBOUND_RING_SECONDS) + UNPLACED_GRACE
    with service_scope():
        unplaced = Call.objects.filter(
            direction=Direction.OUTBOUND,
            call_sid__isnull=True,
            started_at__lt=timezone.now() - longest,
        ).exclude(status__in=FINAL_STATUSES)
        count = _fail(unplaced, code=ProviderUnclear.code)
    if count:
        logger.warning("unplaced calls given up", extra={"count": count})
    return count


def _fail(calls: QuerySet[Call], *, code: str) -> int:
    ids = list(calls.values_list("id", flat=True))
    failed = Call.objects.filter(id__in=ids).exclude(status__in=FINAL_STATUSES)
    count = failed.update(
        status=CallStatus.FAILED, failure_code=code, ended_at=timezone.now(), duration_s=0
    )
    for call_id in ids:
        settle_end_reason(call_id)
    return count
