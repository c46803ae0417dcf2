"""Replaying what the carrier told us while the database was away.

Every replay may happen twice and beside another worker's: the functions behind the webhooks find
what is there already.
"""

import logging

from django.db import InterfaceError, OperationalError
from django.http import QueryDict
from django.urls import resolve

from telephony import request_spool
from telephony.carrier_requests import SignedForm
from telephony.request_spool import KeptRequest

logger = logging.getLogger(__name__)

BATCH = 100


def replay_kept_requests() -> int:
    """Replay what waits, oldest first, up to a batch; how many requests were done with.

    Stops where the database is away, to go on there later. What cannot be replayed is set aside.
    """
    done = 0
    for file in request_spool.waiting()[:BATCH]:
        try:
            request = request_spool.read(file)
            _replay(request)
        except FileNotFoundError:
            continue  # another worker was faster
        except (OperationalError, InterfaceError):
            logger.warning("kept requests wait for the database", exc_info=True)
            break
        except Exception:
            # The outermost loop of one request: torn or refused, the others go on.
            logger.exception("kept request cannot be replayed", extra={"file": file.name})
            request_spool.set_aside(file)
        else:
            request_spool.forget(file)
            logger.info("kept request replayed", extra={"call_sid": request.call_sid})
        done += 1
    return done


def _replay(request: KeptRequest) -> None:
    view = resolve(request.path.partition("?")[0]).func
    view.webhook.replay(SignedForm(QueryDict(request.body)), request.came_at)  # type: ignore[attr-defined]
