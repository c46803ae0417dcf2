"""From a finished call to a message the owner has heard of: rows with a stage, drained by workers.

collected -> audio ready -> transcribed -> summarised -> notified. Every step may run twice. A
worker claims a message by moving its due time; what it finds out it writes only while that claim
stands, so any number of workers may run and a killed one's work comes due again when its lease
ends. Nothing here holds a transaction while it waits for a network.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from accounts.row_security import service_scope
from agent import openai_http
from agent.errors import TranscriptionUnavailable
from telephony import audio_spool, kept_endings, left_audio, recording, recording_check, stale_calls
from telephony.errors import ProviderUnclear
from telephony.models import Call, CallPurpose, Direction, Recording, StreamState
from telephony.recording_check import AudioDamaged
from voicemail import notifications, openai_summaries, searching, summaries
from voicemail.cut_off import note_cut_off_words
from voicemail.errors import AddressRefused, MailNotSent, MailRefused, SummaryUnavailable
from voicemail.mail_rest import mail_rest
from voicemail.models import Contact, Message, Stage
from voicemail.reopening import reopen, reopen_messages
from voicemail.transcription import transcribe_call
from voicemail.words import words_of

logger = logging.getLogger(__name__)

# Longer than any one step may take with all its deadlines; each step takes a new one.
LEASE = timedelta(seconds=120)
RETRY_AFTER = timedelta(seconds=1)
MAX_RETRY_AFTER = timedelta(minutes=10)
MAX_ATTEMPTS_COUNTED = 1_000
# Quiet hours are the longest wait; a due time beyond it was written by a clock that was ahead.
LONGEST_WAIT = timedelta(days=2)
# A stream whose process died stays open in the database; its call is collected all the same.
OPEN_STREAM_PATIENCE = timedelta(seconds=30)
# A running call writes to its spool file twice a second: one that rests has lost its process.
SPOOL_RESTS_SECONDS = 5
# How long audio may take from the end of the call into the storage; a process that was killed in
# the first second of a stream has left none.
AUDIO_PATIENCE = timedelta(seconds=10)
# How long the carrier may take to say that it recorded a message after the tone.
CARRIER_PATIENCE = timedelta(seconds=15)
# What was said last waits on a disk that does not give it; when it does, the message is made anew.
ENDING_PATIENCE = timedelta(minutes=10)
# With the delays doubling from 1 s to 10 min these are about two hours.
FETCH_ATTEMPTS = 20
# A file that is not what was stored, or cannot be read, does not hold the message for longer.
UNREADABLE_ATTEMPTS = 3
# About twenty minutes: a mail server's tables may be wrong for a moment.
ADDRESS_REFUSALS_BELIEVED = 10
# About a day: its operators may have to mend what has nothing to do with the address.
REFUSALS_BELIEVED = 150
# The owner waits: after these a line stays without words,
TRANSCRIPT_ATTEMPTS = 3
# and the plain rule writes the summary.
SUMMARY_ATTEMPTS = 2
# The queue is looked through as far back as this each time, and wholly now and then.
RECENT = timedelta(hours=1)

BEFORE_MAIL = (Stage.COLLECTED, Stage.AUDIO_READY, Stage.TRANSCRIBED)

# What a later attempt may mend: the carrier, the models, the mail server, the storage.
RETRIED = (
    ProviderUnclear,
    TranscriptionUnavailable,
    SummaryUnavailable,
    MailNotSent,
    AudioDamaged,
)


class CallNotComplete(Exception):
    """The recording, or what was said last, is still on its way."""


class ClaimLost(Exception):
    """The lease ended and somebody else has taken the message up."""


def work_once(*, all_time: bool) -> bool:
    """Do what is due now; whether there was anything. `all_time` looks at older calls too."""
    if all_time:
        stale_calls.close_stale_calls()
        left_audio.store_left_audio(also=reopen)
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
        messages = [Message.of(call) for call in finished[:100]]
        Message.objects.bulk_create(messages, ignore_conflicts=True)
    return len(messages)


def advance_messages(limit: int = 20) -> int:
    """Take due messages as far as they get now; how many were claimed.

    New calls come first: a mail server that keeps us waiting keeps no message from the inbox.
    """
    for claimed in range(limit):
        message = claim_next(BEFORE_MAIL)
        if message is None and not mail_rest.seconds_left:
            message = claim_next([Stage.SUMMARISED])
        if message is None:
            return claimed
        _advance(message)
    return limit


def claim_next(stages: Sequence[Stage] = (*BEFORE_MAIL, Stage.SUMMARISED)) -> Message | None:
    """Claim the message that is due longest; rows that another worker is claiming are left to it.

    SQLite has no row locks: there the scope's transaction is the only writer.
    """
    now = timezone.now()
    with service_scope():
        due = (
            Message.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("call__owner", "call__number")
            .filter(
                Q(next_step_at__lte=now) | Q(next_step_at__gt=now + LONGEST_WAIT),
                stage__in=stages,
                erased_at__isnull=True,
            )
            .order_by("next_step_at")
            .first()
        )
        return due if due is not None and claim(due) else None


def claim(message: Message) -> bool:
    """Move the due time unless another worker did it first."""
    until = timezone.now() + LEASE
    unclaimed = Message.objects.filter(id=message.id, next_step_at=message.next_step_at)
    is_mine = bool(unclaimed.update(next_step_at=until))
    if is_mine:
        message.next_step_at = until
    return is_mine


def _advance(message: Message) -> None:
    try:
        _take_steps(message)
    except ClaimLost:
        logger.warning("message taken up by another worker", extra={"call": str(message.call_id)})
    except CallNotComplete:
        _come_back(message, after=RETRY_AFTER)
    except notifications.NotYet as wish:
        _come_back(message, after=wish.until - timezone.now())
    except MailRefused as error:
        refusals = message.refusals + 1
        _come_back(message, after=_delay(message), error=str(error), refusals=refusals)
    except RETRIED as error:
        # Right after the callback the carrier may not have the file yet; servers come back.
        _come_back(message, after=_delay(message), error=str(error))
    except Exception as error:
        # The outermost loop of one message: whatever it is, the others go on.
        logger.exception("message step failed", extra={"call": str(message.call_id)})
        _come_back(message, after=_delay(message), error=f"{type(error).__name__}: {error}")


def _delay(message: Message) -> timedelta:
    doublings = min(message.attempts, 10)
    return min(RETRY_AFTER * (1 << doublings), MAX_RETRY_AFTER)


def _take_steps(message: Message) -> None:
    if message.stage == Stage.COLLECTED:
        _ensure_audio(message)
        _reach(message, Stage.AUDIO_READY)
    if message.stage == Stage.AUDIO_READY:
        note_cut_off_words(message.call)
        transcribe_call(message.call, give_up=message.attempts >= TRANSCRIPT_ATTEMPTS)
        _reach(message, Stage.TRANSCRIBED)
    if message.stage == Stage.TRANSCRIBED:
        _reach(message, Stage.SUMMARISED, **_gist(message))
        logger.info("message ready", extra={"call_sid": message.call.call_sid})
    if message.stage == Stage.SUMMARISED:
        notifications.tell_owner(
            message,
            record=lambda **fields: _record(message, **fields),
            believed=_believed(message.refusals),
        )
        _reach(message, Stage.NOTIFIED)


def _believed(refusals: int) -> tuple[type[MailRefused], ...]:
    """Which refusals of the mail server are true after so many; a server that is away is none."""
    if refusals >= REFUSALS_BELIEVED:
        return (MailRefused,)
    return (AddressRefused,) if refusals >= ADDRESS_REFUSALS_BELIEVED else ()


def _reach(message: Message, stage: Stage, **fields: Any) -> None:
    """Write down a step with what it found, and take a new lease for the next one."""
    until = timezone.now() + LEASE
    nothing_failed = {"attempts": 0, "refusals": 0, "last_error": ""}
    _record(message, stage=stage, next_step_at=until, **nothing_failed, **fields)


def _come_back(message: Message, *, after: timedelta, error: str = "", **fields: Any) -> None:
    fields |= {"next_step_at": timezone.now() + after, "last_error": error[:300]}
    try:
        attempts = min(message.attempts + bool(error), MAX_ATTEMPTS_COUNTED)
        _record(message, attempts=attempts, **fields)
    except ClaimLost:
        logger.warning("message taken up by another worker", extra={"call": str(message.call_id)})


def _record(message: Message, **fields: Any) -> None:
    """Write fields while the claim stands. Raises ClaimLost."""
    with service_scope():
        mine = Message.objects.filter(id=message.id, next_step_at=message.next_step_at)
        if not mine.update(**fields):
            raise ClaimLost
    for name, value in fields.items():
        setattr(message, name, value)


def _ensure_audio(message: Message) -> None:
    """Return once all is stored that can be expected.

    Raises CallNotComplete, AudioDamaged, and for as long as it may pass OSError.
    """
    call = message.call
    waited = timezone.now() - (call.ended_at or call.started_at)
    if kept_endings.holds(call.id):
        if waited < ENDING_PATIENCE:
            raise CallNotComplete
        logger.error("message goes on without its call's end", extra={"call": str(call.id)})
    try:
        _ensure_stream_audio(call, waited)
        recording.fetch_carrier_recordings(call, give_up=message.attempts >= FETCH_ATTEMPTS)
    except OSError as error:
        if message.attempts < _patience(error):
            raise
        # What is not stored waits in the spool and at the carrier.
        logger.error(
            "message goes on without some of its audio",
            extra={"call": str(call.id), "reason": f"{type(error).__name__}: {error}"[:200]},
        )  # no traceback
        recording.put_off_announced(call, error)
    with service_scope():
        announced = call.carrier_recordings.exists()
        stored = Recording.objects.filter(call=call).first()
    if call.carrier_records and not announced and waited < CARRIER_PATIENCE:
        raise CallNotComplete
    if stored is not None:
        _verify(stored, give_up=message.attempts >= UNREADABLE_ATTEMPTS)


def _patience(error: OSError) -> int:
    """After how many attempts the disk holds a message no longer; a full one is given longer."""
    is_unreadable = isinstance(error, recording.EarlierPartUnreadable)
    return UNREADABLE_ATTEMPTS if is_unreadable else FETCH_ATTEMPTS


def _ensure_stream_audio(call: Call, waited: timedelta) -> None:
    if call.stream_state in {StreamState.NONE, StreamState.ISSUED}:
        return
    if audio_spool.has_rested(call.id, SPOOL_RESTS_SECONDS):
        recording.store_spooled(call.id)
    with service_scope():
        is_stored = Recording.objects.filter(call=call).exists()
    if not is_stored and waited < AUDIO_PATIENCE:
        raise CallNotComplete


def _verify(stored: Recording, *, give_up: bool) -> None:
    """Hold the file against its row. With `give_up` it is kept: some of it may be heard."""
    try:
        recording_check.verify(stored)
    except (AudioDamaged, OSError) as error:
        if not give_up:
            raise
        extra = {"call": str(stored.call_id), "reason": f"{type(error).__name__}: {error}"[:200]}
        logger.error("recording not as it was stored", extra=extra)  # no traceback


def _gist(message: Message) -> dict[str, Any]:
    """The fields that the summary fills."""
    with service_scope():
        words = words_of(message.call)
        contact = Contact.objects.filter(
            owner=message.call.owner, phone_number=words.caller_number or "-"
        ).first()
    found = _summary(words, attempts=message.attempts)
    name = contact.name if contact else message.caller_name or found.caller_name
    message.caller_name, message.reason, message.summary = name, found.reason, found.summary
    return {
        "caller_name": name,
        "reason": found.reason,
        "urgency": found.urgency,
        "callback_number": found.callback_number,
        "summary": found.summary,
        "summary_source": found.source,
        "search_text": searching.text_of(message, words),
    }


def _summary(words: summaries.CallWords, *, attempts: int) -> summaries.Summary:
    if not words.callers_words or not openai_http.is_configured():
        return summaries.plain_summary(words)
    try:
        return openai_summaries.summarise(words)
    except SummaryUnavailable:
        if attempts < SUMMARY_ATTEMPTS:
            raise
        logger.warning("summary written by the plain rule")
        return summaries.plain_summary(words)
