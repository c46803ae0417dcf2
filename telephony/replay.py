"""Replaying what the carrier told us while the database was away.

Every replay may happen twice and beside another worker's: the functions behind the webhooks find
what is there already.
"""

import logging
from pathlib import Path

from django.http import QueryDict
from django.urls import resolve

from accounts.row_security import service_scope
from telephony import request_spool
from telephony.carrier_requests import SignedForm
from telephony.models import Call
from telephony.request_spool import KeptRequest
from telephony.spool_rounds import Kind, go_through

logger = logging.getLogger(__name__)

BATCH = 100


def replay_kept_requests() -> int:
    """Replay what waits, oldest first, up to a batch; how many requests were done with.

    What waits, and what is set aside: `telephony.spool_rounds`.
    """
    return go_through(request_spool.waiting(), REQUESTS, limit=BATCH)


def _take(file: Path) -> bool:
    """Replay one request; False when another worker was faster, or it was erased.

    Raises OSError, TornRequest, and whatever its replay raises.
    """
    try:
        request = request_spool.read(file)
    except FileNotFoundError:
        return False
    with service_scope():
        # Erasing forgets the file before it takes this lock: what it erased is gone here, and
        # what was replayed here before is erased there.
        Call.objects.select_for_update().filter(call_sid=request.call_sid).first()
        if not file.exists():
            return False
        _replay(request)
    request_spool.forget(file)
    logger.info("kept request replayed", extra={"call_sid": request.call_sid})
    return True


REQUESTS = Kind(
    name="kept requests",
    failure="kept request cannot be replayed",
    call_of=request_spool.call_sid_of,
    take=_take,
    set_aside=request_spool.set_aside,
)


def _replay(request: KeptRequest) -> None:
    view = resolve(request.path.partition("?")[0]).func
    view.webhook.replay(SignedForm(QueryDict(request.body)), request.came_at)  # type: ignore[attr-defined]
