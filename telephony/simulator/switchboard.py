"""The carrier's side of outgoing simulated calls: takes them from the table and plays them.

A row is claimed by a conditional update, so any number of workers may play. A call whose worker
died stays claimed and is not played again: nobody's phone rings twice for one call.
"""

import asyncio
import logging
import threading
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Self
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.row_security import in_service_scope, service_scope
from telephony.backends.base import MachineDetection
from telephony.models import FINAL_STATUSES, CallPurpose
from telephony.models import SimulatedCall as SimulatedCallRow
from telephony.simulated_callees import Callee
from telephony.simulator.callees import phone_of
from telephony.simulator.order_rows import take_orders
from telephony.simulator.orders import Order
from telephony.simulator.outgoing_call import Placed, SimulatedOutgoingCall

logger = logging.getLogger(__name__)

AT_ONCE = 20
POLL_S = 0.5
HANG_UP_S = 5.0
"""How long running calls have to end properly when the worker stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedCall:
    """A row that is ours to play."""

    call_id: UUID
    callee: Callee
    placed: Placed


class Switchboard:
    """Plays calls in a thread of its own between `with` and its end."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="simulated calls")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._play())

    async def _play(self) -> None:
        running: dict[asyncio.Task[None], SimulatedOutgoingCall] = {}
        is_told = False
        while not self._stop.is_set():
            try:
                claimed = await in_service_scope(claim_calls, AT_ONCE - len(running))
                is_told = False
            except Exception:
                # The outermost loop: a database that is away must not end the simulation, and is
                # told of once.
                if not is_told:
                    logger.exception("simulated calls could not be claimed")
                is_told, claimed = True, []
            for one in claimed:
                call = _prepared(one)
                running[asyncio.create_task(_play_one(one.call_id, call))] = call
            await asyncio.sleep(POLL_S)
            running = {task: call for task, call in running.items() if not task.done()}
        await _hang_up(running)


def play_waiting_calls() -> int:
    """Play what waits now, to its end; how many calls that were."""
    with service_scope():
        claimed = claim_calls(AT_ONCE)
    if claimed:
        asyncio.run(_play_all(claimed))
    return len(claimed)


async def _play_all(claimed: list[ClaimedCall]) -> None:
    await asyncio.gather(*(_play_one(one.call_id, _prepared(one)) for one in claimed))


def claim_calls(limit: int) -> list[ClaimedCall]:
    """Take up to `limit` calls that wait to be played; each is taken once."""
    free = SimulatedCallRow.objects.filter(claimed_until__isnull=True, finished_at__isnull=True)
    # Owners' own phones under test are played by `probe_host`.
    waiting = free.exclude(call__purpose=CallPurpose.FORWARDING_CHECK)
    rows = waiting.exclude(call__status__in=FINAL_STATUSES).select_related("call")
    until = timezone.now() + timedelta(seconds=settings.MAX_CALL_SECONDS)
    return [
        _claimed(row)
        for row in rows.order_by("created_at")[: max(limit, 0)]
        # Of the row alone: PostgreSQL does not look again at a condition over a join.
        if free.filter(pk=row.pk).update(claimed_until=until)
    ]


def _claimed(row: SimulatedCallRow) -> ClaimedCall:
    return ClaimedCall(
        call_id=row.call_id,
        callee=Callee(row.callee),
        placed=Placed(
            call_sid=row.call.call_sid or "",
            from_number=row.call.from_number,
            to_number=row.call.to_number,
            url=row.url,
            status_url=row.status_url,
            ring_seconds=row.ring_seconds,
            machine_detection=MachineDetection(row.machine_detection),
        ),
    )


def _prepared(claimed: ClaimedCall) -> SimulatedOutgoingCall:
    return SimulatedOutgoingCall(claimed.placed, phone_of(claimed.callee), orders=take_orders)


async def _play_one(call_id: UUID, call: SimulatedOutgoingCall) -> None:
    try:
        await call.run()
    except Exception:
        # The outermost end of one call: the others go on.
        logger.exception("simulated call broke", extra={"call": str(call_id)})
    await in_service_scope(_finish, call_id)


def _finish(call_id: UUID) -> None:
    SimulatedCallRow.objects.filter(call_id=call_id).update(finished_at=timezone.now())


async def _hang_up(running: dict[asyncio.Task[None], SimulatedOutgoingCall]) -> None:
    if not running:
        return
    for call in running.values():
        call.orders.add(Order())
    _, late = await asyncio.wait(running, timeout=HANG_UP_S)
    for task in late:
        task.cancel()
    await asyncio.gather(*late, return_exceptions=True)
