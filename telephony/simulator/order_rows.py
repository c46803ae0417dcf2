"""Orders for simulated calls as the mock backend leaves them: rows, taken once."""

import logging

from accounts.database_faults import PASSES
from accounts.row_security import in_service_scope
from telephony.models import SimulatedOrder
from telephony.simulator.orders import Order

logger = logging.getLogger(__name__)


async def take_orders(call_sid: str) -> list[Order]:
    """The orders that have come for a call since it was asked last.

    A database that is away for a while gives none: they are still there afterwards.
    """
    try:
        return await in_service_scope(_take, call_sid)
    except PASSES:
        logger.warning("orders wait for the database", exc_info=True)
        return []


def _take(call_sid: str) -> list[Order]:
    rows = list(SimulatedOrder.objects.filter(call_sid=call_sid))
    if not rows:
        return []
    SimulatedOrder.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return [
        Order(document=row.document.encode() if row.kind == SimulatedOrder.Kind.REDIRECT else b"")
        for row in rows
    ]
