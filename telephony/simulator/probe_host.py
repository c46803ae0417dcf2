"""Playing simulated probes that wait: rows are the queue, each call has a thread of its own."""

import asyncio
import logging
import threading
from datetime import timedelta
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import close_old_connections, connection
from django.db.models import Q
from django.utils import timezone

from accounts.row_security import service_scope
from telephony import probes
from telephony.models import CallPurpose, SimulatedCall, SimulatedOrder
from telephony.simulator.errors import ServerUnreachable
from telephony.simulator.forwarding_carrier import ProbedPhone
from telephony.simulator.phones import SimulatedPhone

logger = logging.getLogger(__name__)

# Longer than a probe lasts: one whose process died is over by then, and is not rung again.
LEASE = timedelta(minutes=3)


def play_waiting_probes() -> list[threading.Thread]:
    """Start every simulated probe that nobody plays yet; the threads that play them."""
    threads = []
    for call_id in _claim():
        thread = threading.Thread(
            target=_play, args=(call_id,), name=f"probe {call_id}", daemon=True
        )
        thread.start()
        threads.append(thread)
    return threads


def _claim() -> list[UUID]:
    now = timezone.now()
    with service_scope():
        waiting = SimulatedCall.objects.filter(
            Q(claimed_until__isnull=True),
            finished_at__isnull=True,
            call__purpose=CallPurpose.FORWARDING_CHECK,
            call__call_sid__isnull=False,
            call__started_at__gt=now - probes.OPEN_FOR,
        )
        return [
            pk
            for pk in waiting.values_list("pk", flat=True)
            # Conditional, so of several workers one gets it.
            if SimulatedCall.objects.filter(pk=pk, claimed_until__isnull=True).update(
                claimed_until=now + LEASE
            )
        ]


def _play(call_id: UUID) -> None:
    close_old_connections()
    try:
        asyncio.run(play(call_id))
    except ServerUnreachable:
        logger.warning("simulated probe not played", extra={"call": str(call_id)})
    finally:
        connection.close()


async def play(call_id: UUID, *, gives_up_s: float = probes.RING_S) -> None:
    """Play one simulated probe from its first ring to its end."""
    row = await database_sync_to_async(_row)(call_id)
    call = row.call
    status = await ProbedPhone(
        call_sid=call.call_sid or "",
        base_url=settings.PUBLIC_BASE_URL,
        from_number=call.from_number,
        phone_number=call.to_number,
        aloha_number=call.number.phone_number,
        answer_url=probes.answer_url(call.id),
        status_url=probes.status_url(call.id),
        behaviour=SimulatedPhone(row.callee),
        rings_for_s=settings.SIMULATED_RING_SECONDS,
        gives_up_s=gives_up_s,
        is_ended=lambda: database_sync_to_async(_is_ended)(call.call_sid or ""),
        folder=settings.VAR_DIR / "calls",
    ).play()
    await database_sync_to_async(_finish)(call_id)
    logger.info("simulated probe over", extra={"call": str(call_id), "status": status})


def _row(call_id: UUID) -> SimulatedCall:
    with service_scope():
        return SimulatedCall.objects.select_related("call__number").get(pk=call_id)


def _is_ended(call_sid: str) -> bool:
    with service_scope():
        ends = SimulatedOrder.objects.filter(call_sid=call_sid, kind=SimulatedOrder.Kind.END)
        return ends.exists()


def _finish(call_id: UUID) -> None:
    with service_scope():
        SimulatedCall.objects.filter(pk=call_id).update(finished_at=timezone.now())
