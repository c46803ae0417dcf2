"""What is kept of a call besides its row: what was reported, as it was sent and as we read it.

An event is told apart by its kind and key: a repeat is kept once.
"""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import TextChoices
from django.utils import timezone

from telephony.models import Call, CallEvent, CallPurpose

logger = logging.getLogger(__name__)

MAX_KEY = 128
PROBES_REMEMBERED_FOR = timedelta(days=1)


class EventKind(TextChoices):
    """What is reported: by the carrier up to `after-stream`, of a probe, and by ourselves.

    `PROBE_CAME_BACK` has for its key the call that it came back as, which has no row of its own.
    """

    STATUS = "status"
    STREAM_STARTED = "stream-started"
    STREAM_STOPPED = "stream-stopped"
    STREAM_ERROR = "stream-error"
    RECORDING = "recording"
    AFTER_STREAM = "after-stream"

    PROBE_CAME_BACK = "probe_came_back"
    PROBE_ANSWERED = "probe_answered"
    PROBE_KEY_PRESSED = "probe_key_pressed"
    PROBE_HEARD_OUT = "probe_heard_out"

    AGENT_CLOSED = "agent-closed"
    HANDED_OVER = "handed-over"
    CLOSED_UNREPORTED = "closed-unreported"
    SENT_TO_VOICEMAIL = "sent-to-voicemail"
    BEING_SAID = "being-said"
    AGENT_REPORTED = "agent-reported"
    MESSAGE_NOTED = "message_noted"
    DISCLOSURE_MISSING = "disclosure-missing"


def note_report(
    call_sid: str,
    *,
    kind: EventKind,
    key: str = "",
    payload: dict[str, list[str]],
    facts: dict[str, Any],
) -> None:
    """Keep something the carrier sent; a repeat or an unknown call changes nothing."""
    call_id = Call.objects.filter(call_sid=call_sid).values_list("id", flat=True).first()
    if call_id is None:
        if not _is_returned_probe(call_sid):
            logger.warning("event of an unknown call", extra={"call_sid": call_sid, "kind": kind})
        return
    note(call_id, kind=kind, key=key, payload=payload, facts=facts)


def _is_returned_probe(call_sid: str) -> bool:
    returned = CallEvent.objects.filter(
        kind=EventKind.PROBE_CAME_BACK, key=call_sid, call__purpose=CallPurpose.FORWARDING_CHECK
    )
    return returned.filter(received_at__gt=timezone.now() - PROBES_REMEMBERED_FOR).exists()


def note(
    call_id: UUID,
    *,
    kind: EventKind,
    key: str = "",
    payload: dict[str, list[str]] | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Keep an event of a call; the first of its kind and key stays."""
    event = CallEvent(
        call_id=call_id, kind=kind, key=key[:MAX_KEY], payload=payload or {}, facts=facts or {}
    )
    CallEvent.objects.bulk_create([event], ignore_conflicts=True)


def show_being_said(call_id: UUID, text: str) -> None:
    """Keep what the agent is saying at this moment; blank takes it away, and nothing stays of it.

    What was heard of it becomes a line of the transcript when it has been said.
    """
    event = CallEvent.objects.filter(call_id=call_id, kind=EventKind.BEING_SAID)
    if not text:
        event.delete()
    elif not event.update(facts={"text": text}):
        note(call_id, kind=EventKind.BEING_SAID, facts={"text": text})


def being_said(call_id: UUID) -> str:
    """What the agent is saying at this moment, blank when it is silent."""
    event = CallEvent.objects.filter(call_id=call_id, kind=EventKind.BEING_SAID).first()
    return str(event.facts["text"]) if event else ""
