"""Replaying what the carrier told us while the database was away.

Every replay may happen twice and beside another worker's: the functions behind the webhooks find
what is there already.
"""

import logging
from pathlib import Path

from django.db import InterfaceError, OperationalError
from django.http import QueryDict
from django.urls import resolve

from accounts.row_security import service_scope
from telephony import request_spool
from telephony.carrier_requests import SignedForm
from telephony.errors import TornRequest
from telephony.models import Call
from telephony.request_spool import KeptRequest

logger = logging.getLogger(__name__)

BATCH = 100


def replay_kept_requests() -> int:
    """Replay what waits, oldest first, up to a batch; how many requests were done with.

    Stops where the database is away, to go on there later. What cannot be replayed is set aside;
    what the disk does not give now, or does not let go, stays for the next time.
    """
    done = 0
    stuck: list[tuple[Path, OSError]] = []
    for file in request_spool.waiting():
        if done == BATCH:
            break
        try:
            done += _done_with(file)
        except (OperationalError, InterfaceError):
            logger.warning("kept requests wait for the database", exc_info=True)
            break
        except OSError as error:
            stuck.append((file, error))
    if stuck:
        first, why = stuck[0]
        facts = {"count": len(stuck), "file": first.name}
        logger.error("kept requests wait for the disk", extra=facts, exc_info=why)
    return done


def _done_with(file: Path) -> bool:
    """Replay or set aside one request; False when another worker was faster, or it was erased.

    Raises OSError when the file can be neither read nor moved, and as Django when the database
    is away.
    """
    try:
        request = request_spool.read(file)
    except FileNotFoundError:
        return False
    except TornRequest:
        return _set_aside(file)
    try:
        with service_scope():
            # Erasing forgets the file before it takes this lock: what it erased is gone here, and
            # what was replayed here before is erased there.
            Call.objects.select_for_update().filter(call_sid=request.call_sid).first()
            if not file.exists():
                return False
            _replay(request)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        # The outermost loop of one request: refused, the others go on.
        return _set_aside(file)
    request_spool.forget(file)
    logger.info("kept request replayed", extra={"call_sid": request.call_sid})
    return True


def _set_aside(file: Path) -> bool:
    logger.exception("kept request cannot be replayed", extra={"file": file.name})
    request_spool.set_aside(file)
    return True


def _replay(request: KeptRequest) -> None:
    view = resolve(request.path.partition("?")[0]).func
    view.webhook.replay(SignedForm(QueryDict(request.body)), request.came_at)  # type: ignore[attr-defined]
