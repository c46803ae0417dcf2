"""Runs a webhook's work under a deadline, and answers without it when it fails or is late.

The carrier gives up after 15 s and callers hang up long before: whatever is wrong behind the
number, they hear a voice within 2 s. Work that is late goes on in its thread and its answer is
thrown away; the request is kept and replayed, which puts right what the late work has written.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.database_faults import IS_AWAY
from telephony import live_news, metrics, request_spool
from telephony.carrier_requests import SignedForm, read_call_sid
from telephony.circuit_breaker import CircuitBreaker
from telephony.daemon_threads import DaemonThreads
from telephony.errors import BadCarrierRequest, SpoolFull
from telephony.request_spool import KeptRequest
from telephony.stand_ins import StandIn

logger = logging.getLogger(__name__)

Handler = Callable[[SignedForm], HttpResponse]
Replay = Callable[[SignedForm, datetime], None]

# Leaves 0.5 s to keep the request and as long for the way to the carrier, within 2 s.
DEADLINE_S = 1.0
KEEPING_S = 0.5  # a disk that hangs must not silence the caller either
FAILURES_IN_A_ROW = 3
REST_S = 5.0

# The database's pool has ten connections. When all of these are stuck, two are left; transcripts
# may have them too, but give them back within a second where they wait for somebody else's row.
THREADS = 8
work_threads = DaemonThreads("webhook", limit=THREADS)
spool_threads = DaemonThreads("webhook-spool", limit=2)
breaker = CircuitBreaker(failures=FAILURES_IN_A_ROW, rest_s=REST_S, clock=time.monotonic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """One of the carrier's addresses: its work, what stands in for it, and what is done later.

    Without `work` it is answered by the stand-in alone. `waits_in_line` says of a request that
    it may not overtake kept ones about the same call; somebody who listens never waits.
    """

    step: str
    work: Handler | None
    stand_in: StandIn
    replay: Replay
    waits_in_line: Callable[[SignedForm], bool]


class _NoAnswer(Exception):
    """Why there is no real answer; the message is the counter's label."""


async def answer(webhook: Webhook, request: HttpRequest, form: SignedForm) -> HttpResponse:
    """The webhook's answer, or its stand-in's. Raises BadCarrierRequest."""
    with metrics.WEBHOOK.labels(step=webhook.step).time():
        response = await _answer(webhook, request, form)
    if isinstance(request, ASGIRequest):
        with contextlib.suppress(BadCarrierRequest):
            live_news.announce(read_call_sid(form))
    return response


async def _answer(webhook: Webhook, request: HttpRequest, form: SignedForm) -> HttpResponse:
    try:
        return await _work(await _allowed_work(webhook, form), request, form)
    except _NoAnswer as error:
        reason, cause = str(error), error.__cause__
    is_kept = await _keep(webhook, request, form)
    metrics.STAND_INS.labels(step=webhook.step, reason=reason).inc()
    logger.log(
        logging.WARNING if reason == "in line" else logging.ERROR,
        "webhook answered without its work",
        extra={
            "step": webhook.step,
            "reason": reason,
            "call_sid": read_call_sid(form),
            "kept": is_kept,
        },
        exc_info=cause,
    )
    return webhook.stand_in(form, is_kept)


async def _allowed_work(webhook: Webhook, form: SignedForm) -> Handler:
    if webhook.waits_in_line(form) and await _is_held_up(read_call_sid(form)):
        raise _NoAnswer("in line")
    if webhook.work is None:
        raise _NoAnswer("by design")
    if not breaker.allows():
        raise _NoAnswer("resting")
    return webhook.work


async def _is_held_up(call_sid: str) -> bool:
    """Whether requests about the call wait before this one; a disk that hangs may hold some."""
    asking = asyncio.wrap_future(spool_threads.submit(lambda: request_spool.holds(call_sid)))
    await asyncio.wait({asking}, timeout=KEEPING_S)
    if asking.done():
        return asking.result()
    asking.cancel()
    return True


async def _work(work: Handler, request: HttpRequest, form: SignedForm) -> HttpResponse:
    try:
        response = await _in_a_thread(work, request, form)
    except (BadCarrierRequest, _NoAnswer):
        raise
    except IS_AWAY as error:
        _count_failure()
        raise _NoAnswer("database") from error
    except Exception as error:
        # The outermost place of a call: a fault of ours must not leave the caller in silence.
        raise _NoAnswer("fault") from error
    breaker.succeeded()
    return response


async def _in_a_thread(work: Handler, request: HttpRequest, form: SignedForm) -> HttpResponse:
    if not isinstance(request, ASGIRequest):
        # Without an event loop of the server's the caller's own thread does it, unlimited.
        return await sync_to_async(work)(form)
    begun = work_threads.submit(lambda: _with_own_connections(work, form))
    waited_for = asyncio.wrap_future(begun)
    await asyncio.wait({waited_for}, timeout=DEADLINE_S)
    if waited_for.done():
        return waited_for.result()
    # Drops what no thread has begun yet; what runs goes on and is listened to no more.
    waited_for.cancel()
    begun.add_done_callback(_tell_late_end)
    _count_failure()
    raise _NoAnswer("late")


def _with_own_connections(work: Handler, form: SignedForm) -> HttpResponse:
    try:
        return work(form)
    finally:
        # Django does this at the end of a request, in the request's own thread only.
        connections.close_all()


def _tell_late_end(work: Future[HttpResponse]) -> None:
    if work.cancelled():
        return
    error = work.exception()
    logger.warning(
        "late webhook work ended", extra={"error": type(error).__name__ if error else ""}
    )


def _count_failure() -> None:
    if breaker.failed():
        logger.error("webhooks rest from the database", extra={"seconds": REST_S})


async def _keep(webhook: Webhook, request: HttpRequest, form: SignedForm) -> bool:
    kept = KeptRequest(
        path=request.get_full_path(),
        body=form.encoded(),
        call_sid=read_call_sid(form),
        came_at=timezone.now(),
    )
    writing = asyncio.wrap_future(spool_threads.submit(lambda: request_spool.keep(kept)))
    await asyncio.wait({writing}, timeout=KEEPING_S)
    if not writing.done():
        writing.cancel()
        logger.error("carrier request not kept: the disk hangs", extra={"step": webhook.step})
        return False
    error = writing.exception()
    if isinstance(error, OSError | SpoolFull):
        logger.error(
            "carrier request not kept",
            extra={"step": webhook.step, "call_sid": kept.call_sid},
            exc_info=error,
        )
        return False
    if error is not None:
        raise error
    return True
