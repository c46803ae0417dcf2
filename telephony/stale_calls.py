"""The sweeper: calls whose end nobody reported get one, so that the log is complete.

The carrier's callbacks may all be lost. What was last heard of a call is then taken for its end;
should the carrier report it after all, its word replaces the guess (`calls.record_progress`).
"""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.row_security import service_scope
from agent.session import AgentOutcome
from telephony import call_events, do_not_call
from telephony.call_events import EventKind
from telephony.calls import settle_end_reason
from telephony.models import FINAL_STATUSES, Call, CallEvent, CallStatus, StreamState
from telephony.twiml import MAX_MESSAGE_SECONDS

logger = logging.getLogger(__name__)

STALE_GRACE = timedelta(minutes=5)
QUIET_GRACE = timedelta(minutes=1)


def close_stale_calls() -> int:
    """End calls whose end the carrier never reported; how many there were.

    No call lasts longer than the agent may talk and the caller may leave a message; and one in
    which nothing is to come has about a minute for the report of its end.
    """
    now = timezone.now()
    longest = timedelta(seconds=settings.MAX_CALL_SECONDS + MAX_MESSAGE_SECONDS) + STALE_GRACE
    goes_on = Call.objects.exclude(status__in=FINAL_STATUSES)
    stale = goes_on.filter(started_at__lt=now - longest) | _with_nothing_to_come(
        goes_on, now - QUIET_GRACE
    )
    with service_scope():
        ids = list(stale.values_list("id", flat=True))
    closed = sum(_close(call_id) for call_id in ids)
    if closed:
        logger.warning("stale calls closed", extra={"count": closed})
    return closed


def _with_nothing_to_come(calls: QuerySet[Call], since: datetime) -> QuerySet[Call]:
    """Those without an agent and without a message, of which the carrier asks no more.

    It never opened the stream that it was told of, or it was told to hang up, or the caller left.
    """
    parted = CallEvent.objects.filter(
        call=OuterRef("pk"), kind=EventKind.AGENT_CLOSED, received_at__lt=since
    )
    never_came = Q(stream_state=StreamState.ISSUED, stream_token_expires_at__lt=since)
    is_left = Q(stream_state=StreamState.CLOSED) & ~Q(agent_outcome=AgentOutcome.FAILED.value)
    return calls.filter(never_came | (is_left & Exists(parted)), carrier_records=False)


def _close(call_id: UUID) -> bool:
    """End one call; False when the carrier or another worker was faster."""
    with service_scope():
        call = Call.objects.select_for_update().filter(id=call_id).first()
        if call is None or call.is_final:
            return False
        was_answered = call.status == CallStatus.IN_PROGRESS or call.answered_at is not None
        call.status = CallStatus.COMPLETED if was_answered else CallStatus.NO_ANSWER
        call.ended_at = _last_sign_of_life(call)
        talked = call.ended_at - (call.answered_at or call.started_at)
        call.duration_s = round(talked.total_seconds()) if was_answered else 0
        call.save(update_fields=["status", "ended_at", "duration_s"])
        call_events.note(call.id, kind=EventKind.CLOSED_UNREPORTED)
        settle_end_reason(call.id)
        do_not_call.heed_words(call.id)
    return True


def _last_sign_of_life(call: Call) -> datetime:
    """The latest moment at which something was reported or said; at least the start."""
    spoken_ms = call.transcript.aggregate(last=Max("end_ms"))["last"] or 0
    reported_at = call.events.aggregate(last=Max("received_at"))["last"] or call.started_at
    begun_at = call.answered_at or call.started_at
    return max(call.started_at, reported_at, begun_at + timedelta(milliseconds=spoken_ms))
