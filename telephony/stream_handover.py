"""A running call passes from one media stream to the next: a new token, everything else stays.

The process that drains closes its stream after the call's row says so. The carrier then asks
what comes next, and whoever answers gives it the new stream's address.
"""

import secrets
from datetime import timedelta
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from telephony import call_events
from telephony.call_events import EventKind
from telephony.models import FINAL_STATUSES, Call, StreamState, TranscriptLine
from telephony.recording import MESSAGE_LINE

STREAM_TOKEN_SECONDS = 60
MAX_STREAMS = 6
"""A call that was passed on so often is never taken: the carrier records the caller."""
LINES_PER_STREAM = MESSAGE_LINE // 100
"""Transcript lines of a later stream stand behind all those of the one before."""


def hand_over(call_id: UUID) -> bool:
    """Let the carrier open another stream for this call; False when the call has ended."""
    running = Call.objects.filter(id=call_id, stream_state=StreamState.OPEN)
    handed = running.exclude(status__in=FINAL_STATUSES).update(
        stream_state=StreamState.ISSUED,
        stream_generation=F("stream_generation") + 1,
        stream_token=secrets.token_urlsafe(32),
        stream_token_expires_at=timezone.now() + timedelta(seconds=STREAM_TOKEN_SECONDS),
    )
    if handed:
        generation = Call.objects.values_list("stream_generation", flat=True).get(id=call_id)
        call_events.note(call_id, kind=EventKind.HANDED_OVER, key=str(generation))
    return bool(handed)


def waiting_stream(call_sid: str) -> Call | None:
    """The call, when it was handed over and its next stream has not been opened yet."""
    return Call.objects.filter(
        call_sid=call_sid,
        stream_state=StreamState.ISSUED,
        stream_generation__range=(1, MAX_STREAMS - 1),
        stream_token_expires_at__gt=timezone.now(),
    ).first()


def said_before(call: Call) -> tuple[tuple[str, str], ...]:
    """Who said what in the call's earlier streams, for the agent that goes on."""
    if call.stream_generation == 0:
        return ()
    lines = TranscriptLine.objects.filter(call=call).order_by("position")
    return tuple((line.role, line.heard_text) for line in lines)
