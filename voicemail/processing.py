"""From a finished call to a message the owner can read: rows with a stage, drained by a worker.

Every step may run twice. A worker claims a message by moving its due time, so any number of
workers may run and a killed one's work comes due again when its lease ends.
"""

import logging
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from accounts.row_security import service_scope
from agent.session import AgentOutcome, Role
from telephony import recording, stale_calls
from telephony.errors import ProviderUnclear
from telephony.models import (
    Call,
    CallPurpose,
    CarrierRecording,
    Direction,
    Recording,
    StreamState,
)
from voicemail.models import Message, Stage

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
RETRY_AFTER = timedelta(seconds=1)
MAX_RETRY_AFTER = timedelta(minutes=10)
# A stream whose process died stays open in the database; its call is collected all the same.
OPEN_STREAM_PATIENCE = timedelta(seconds=30)
# A running call writes to its spool file every second: one that rests has lost its process.
SPOOL_RESTS_SECONDS = 5
# How long audio may take from the end of the call into the storage; a process that was killed in
# the first second of a stream has left none.
AUDIO_PATIENCE = timedelta(seconds=10)
# How long the carrier may take to say that it recorded a message after the tone.
CARRIER_PATIENCE = timedelta(seconds=15)
# With the delays doubling from 1 s to 10 min these are about two hours.
FETCH_ATTEMPTS = 20
# The queue is looked through as far back as this each time, and wholly now and then.
RECENT = timedelta(hours=1)


class AudioNotReady(Exception):
    """The recording is still on its way."""


def work_once(*, all_time: bool) -> bool:
    """Do what is due now; whether there was anything. `all_time` looks at older calls too."""
    if all_time:
        stale_calls.close_stale_calls()
    collected = collect_messages(all_time=all_time)
    return collected + reopen_messages() + advance_messages() > 0


def collect_messages(*, all_time: bool = True) -> int:
    """Make a message of every finished call that has none; how many there were."""
    now = timezone.now()
    finished = Call.objects.final().filter(
        Q(ended_at__lt=now - OPEN_STREAM_PATIENCE) | ~Q(stream_state=StreamState.OPEN),
        direction=Direction.INBOUND,
        purpose=CallPurpose.CONVERSATION,
        message__isnull=True,
    )
    if not all_time:
        finished = finished.filter(ended_at__gt=now - RECENT)
    with service_scope():
        messages = [Message(call=call) for call in finished[:100]]
        Message.objects.bulk_create(messages, ignore_conflicts=True)
    return len(messages)


def reopen_messages() -> int:
    """Take up messages again whose recording the carrier announced late; how many there were."""
    late = CarrierRecording.objects.waiting().filter(call__message__stage=Stage.SUMMARISED)
    with service_scope():
        ids = list(late.values_list("call__message__id", flat=True))
        if not ids:
            return 0
        return Message.objects.filter(id__in=ids).update(
            stage=Stage.COLLECTED, next_step_at=timezone.now(), attempts=0, read_at=None
        )


def advance_messages(limit: int = 20) -> int:
    """Take due messages a step further; how many were claimed."""
    due = (
        Message.objects.select_related("call")
        .exclude(stage=Stage.SUMMARISED)
        .filter(next_step_at__lte=timezone.now())
        .order_by("next_step_at")[:limit]
    )
    with service_scope():
        claimed = [message for message in due if claim(message)]
    for message in claimed:
        _advance(message)
    return len(claimed)


def claim(message: Message) -> bool:
    """Move the due time unless another worker did it first."""
    until = timezone.now() + LEASE
    unclaimed = Message.objects.filter(id=message.id, next_step_at=message.next_step_at)
    return bool(unclaimed.update(next_step_at=until))


def _advance(message: Message) -> None:
    try:
        _take_steps(message)
    except AudioNotReady:
        _come_back(message, after=RETRY_AFTER)
    except ProviderUnclear as error:
        # Right after the callback the carrier may not have the file yet.
        _come_back(message, after=_delay(message), error=str(error))
    except Exception as error:
        # The outermost loop of one message: whatever it is, the others go on.
        logger.exception("message step failed", extra={"call": str(message.call_id)})
        reason = f"{type(error).__name__}: {error}"[:300]
        _come_back(message, after=_delay(message), error=reason)


def _delay(message: Message) -> timedelta:
    doublings = min(message.attempts, 10)
    return min(RETRY_AFTER * (1 << doublings), MAX_RETRY_AFTER)


def _take_steps(message: Message) -> None:
    if message.stage == Stage.COLLECTED:
        _ensure_audio(message)
        message.stage = Stage.AUDIO_READY
        with service_scope():
            message.save(update_fields=["stage"])
    if message.stage == Stage.AUDIO_READY:
        with service_scope():
            message.summary = summarise(message.call)
            message.stage = Stage.SUMMARISED
            message.last_error = ""
            message.save(update_fields=["stage", "summary", "last_error"])
        logger.info("message ready", extra={"call_sid": message.call.call_sid})


def _come_back(message: Message, *, after: timedelta, error: str = "") -> None:
    with service_scope():
        Message.objects.filter(id=message.id).update(
            next_step_at=timezone.now() + after,
            attempts=message.attempts + bool(error),
            last_error=error,
        )


def _ensure_audio(message: Message) -> None:
    """Return once all audio is stored that can be expected. Raises AudioNotReady."""
    call = message.call
    waited = timezone.now() - (call.ended_at or call.started_at)
    _ensure_stream_audio(call, waited)
    recording.fetch_carrier_recordings(call, give_up=message.attempts >= FETCH_ATTEMPTS)
    with service_scope():
        announced = call.carrier_recordings.exists()
    if call.carrier_records and not announced and waited < CARRIER_PATIENCE:
        raise AudioNotReady


def _ensure_stream_audio(call: Call, waited: timedelta) -> None:
    if call.stream_state in {StreamState.NONE, StreamState.ISSUED}:
        return
    if recording.spool_has_rested(call.id, SPOOL_RESTS_SECONDS):
        recording.store_spooled(call.id)
    with service_scope():
        is_stored = Recording.objects.filter(call=call).exists()
    if not is_stored and waited < AUDIO_PATIENCE:
        raise AudioNotReady


def summarise(call: Call) -> str:
    """The gist in one sentence, by plain rules: the caller's first words, or how much was said."""
    turns = call.transcript.filter(role=Role.CALLER.value)
    words = " ".join(turn.text for turn in turns if turn.text)
    if words:
        return words if len(words) <= 160 else f"{words[:157].rsplit(' ', 1)[0]} ..."
    spoken_s = round(sum(turn.end_ms - turn.start_ms for turn in turns) / 1_000)
    if spoken_s:
        return f"Left a spoken message of {spoken_s} second{'s' if spoken_s != 1 else ''}."
    if call.agent_outcome == AgentOutcome.FINISHED:
        return "Stayed on the line and said nothing."
    return "Hung up before saying anything."
