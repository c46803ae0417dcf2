"""The life of a call: opened by the carrier's first request, ended by its last.

Repeats are normal: a second request finds the first one's row and gets the same answer.
"""

import contextlib
import logging
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from agent import profiles
from agent.backends.base import get_backend as get_agent_backend
from agent.brief import CallBrief, CallType
from agent.session import AgentOutcome
from telephony import (
    agent_names,
    answering,
    call_events,
    do_not_call,
    phone_numbers,
    probes,
    stream_handover,
)
from telephony.call_events import EventKind
from telephony.call_progress import Progress, Report, advance
from telephony.carrier_requests import IncomingCall, StatusReport
from telephony.end_reasons import EndFacts, end_reason
from telephony.line_facts import look_at_line
from telephony.models import (
    FINAL_STATUSES,
    Call,
    CallPurpose,
    CallStatus,
    CarrierRecording,
    Direction,
    StreamState,
    UserPhoneNumber,
    VoicemailMode,
)
from telephony.prepared_query import PreparedQuery
from telephony.stream_facts import StreamFacts
from telephony.stream_handover import STREAM_TOKEN_SECONDS

logger = logging.getLogger(__name__)

_PROGRESS_FIELDS = ("status", "status_sequence", "answered_at", "ended_at", "duration_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedCall:
    """How an incoming call is answered; an agent listens at `stream_path`, which is a secret.

    `greeting` is the owner's own for a classic voicemail, blank for the standard one.
    """

    answer: answering.Answer
    stream_path: str = ""
    greeting: str = ""


@PreparedQuery
def _call_of(*, call_sid: str) -> QuerySet[Call]:
    return Call.objects.filter(call_sid=call_sid)


def open_call(incoming: IncomingCall) -> OpenedCall:
    """Find or make the row of an incoming call and decide how it is answered.

    Calls that reach nobody get no row. A repeat of the same call gets the first answer again.
    """
    for known in _call_of.rows({"call_sid": incoming.call_sid}):
        return _reopened(known)
    try:
        with transaction.atomic():
            return _open_new(incoming)
    except IntegrityError:
        # The same request, handled at the same moment by another thread, was first.
        return _reopened(Call.objects.get(call_sid=incoming.call_sid))


def _open_new(incoming: IncomingCall) -> OpenedCall:
    number, line = look_at_line(incoming)
    answer = answering.decide(line)
    shown = {"caller": phone_numbers.masked(incoming.caller), "answer": type(answer).__name__}
    logger.info("call came in", extra={"call_sid": incoming.call_sid, **shown})
    if isinstance(answer, answering.ProbeReturned):
        probes.note_return(answer.probe, incoming)
        return OpenedCall(answer=answer)
    if number is None or isinstance(answer, answering.NotInService | answering.Refused):
        return OpenedCall(answer=answer)
    return _reopened(_insert_call(incoming, number, answer))


def _reopened(call: Call) -> OpenedCall:
    if call.is_final:
        return OpenedCall(answer=answering.Over())
    if call.stream_token is None:
        return OpenedCall(
            answer=answering.ClassicVoicemail(),
            greeting=profiles.voicemail_greeting_of(call.owner_id),
        )
    return OpenedCall(
        answer=answering.AgentAnswers(CallType(call.call_type)), stream_path=stream_path(call)
    )


def stream_path(call: Call) -> str:
    """Where the call's media stream may be opened; a secret."""
    return f"/api/twilio/voice/stream/{call.stream_token}"


def _insert_call(incoming: IncomingCall, number: UserPhoneNumber, answer: answering.Answer) -> Call:
    call = Call(
        call_sid=incoming.call_sid,
        number=number,
        owner_id=number.user_id,
        call_type=CallType.VOICEMAIL,
        from_number=incoming.caller,
        to_number=incoming.called,
        caller_withheld=incoming.caller_withheld,
        forwarded_from=incoming.forwarded_from,
        was_forwarded=incoming.was_forwarded,
        simulated=incoming.simulated,
        carrier_records=isinstance(answer, answering.ClassicVoicemail),
    )
    # The carrier reports only the end of a call that comes in; our first TwiML answers it.
    call.answered_at = call.started_at
    if isinstance(answer, answering.AgentAnswers):
        call.call_type = answer.call_type
        call.stream_token = secrets.token_urlsafe(32)
        call.stream_token_expires_at = timezone.now() + timedelta(seconds=STREAM_TOKEN_SECONDS)
        call.stream_state = StreamState.ISSUED
        call.agent_backend = get_agent_backend().name
    call.save(force_insert=True)
    return call


def claim_stream(token: str) -> Call | None:
    """Spend a stream token: the call it opens, or None for one that is unknown, used or stale."""
    unspent = Call.objects.filter(
        stream_token=token,
        stream_state=StreamState.ISSUED,
        stream_token_expires_at__gt=timezone.now(),
    )
    claimed = unspent.exclude(status__in=FINAL_STATUSES).update(
        stream_state=StreamState.OPEN,
        status=CallStatus.IN_PROGRESS,
        agent_name=agent_names.name_now(),
    )
    if not claimed:
        return None
    return Call.objects.select_related("number", "owner", "campaign").get(stream_token=token)


def brief_of(call: Call) -> CallBrief:
    """What the agent is told about a call; needs `number`, `owner` and `campaign` loaded."""
    profile = profiles.profile_of(call.owner)
    return CallBrief(
        call_type=CallType(call.call_type),
        receptionist=call.number.voicemail_mode == VoicemailMode.RECEPTIONIST,
        agent_name=profile.agent_name,
        owner_name=call.owner.name,
        voice=profile.voice,
        greeting=profile.greeting,
        about=profile.about,
        language=profile.language,
        forwarded=call.was_forwarded,
        outbound=call.direction == Direction.OUTBOUND,
        campaign_purpose=call.campaign.purpose if call.campaign else "",
        goes_on=StreamFacts.going_on(call.stream_facts).has_introduced_itself,
        said_before=stream_handover.said_before(call),
    )


def close_stream(call_id: UUID, outcome: AgentOutcome) -> None:
    """Note how the agent's part ended, before the carrier asks what comes next."""
    Call.objects.filter(id=call_id).update(
        stream_state=StreamState.CLOSED, agent_outcome=outcome.value
    )
    do_not_call.heed_outcome(call_id, outcome)
    call_events.note(call_id, kind=EventKind.AGENT_CLOSED, facts={"outcome": outcome.value})
    settle_end_reason(call_id)


def keep_stream_facts(
    call_id: UUID, facts: dict[str, int | float | str | None], *, generation: int
) -> None:
    """Keep the figures of a call's stream, unless a later one has its own."""
    Call.objects.filter(id=call_id, stream_generation=generation).update(stream_facts=facts)


def has_said_goodbye(call_sid: str) -> bool:
    """Whether the agent itself ended its part of the call."""
    goodbyes = (AgentOutcome.FINISHED, AgentOutcome.TIME_LIMIT, AgentOutcome.OPTED_OUT)
    return Call.objects.filter(call_sid=call_sid, agent_outcome__in=goodbyes).exists()


def hand_to_carrier(call_sid: str) -> bool:
    """Note that the carrier records a caller whom no agent heard out.

    Her stream is over. A process that died with it open could not say so: whether that is so.
    """
    call = Call.objects.filter(call_sid=call_sid)
    is_cut = call.filter(stream_state=StreamState.OPEN).update(
        stream_state=StreamState.CLOSED, agent_outcome=AgentOutcome.FAILED.value
    )
    call.update(carrier_records=True)
    return is_cut > 0


def record_progress(report: StatusReport) -> None:
    """Take the carrier's word on where a call is; reports may come late, twice and in any order."""
    with transaction.atomic():
        call = Call.objects.select_for_update().filter(call_sid=report.call_sid).first()
        if call is None:
            return
        was_final = call.is_final
        known = _progress_of(call)
        if was_final and report.status in FINAL_STATUSES and _take_back_guess(call):
            known = replace(known, status=CallStatus.RINGING, ended_at=None, duration_s=None)
        _set_progress(call, advance(known, _timed(report, call)))
        call.save(update_fields=_PROGRESS_FIELDS)
    if not call.is_final:
        return
    settle_end_reason(call.id)
    # Of a stream that went on elsewhere, or died with its process, nobody else has looked.
    do_not_call.heed_words(call.id)
    if not was_final:
        logger.info(
            "call ended",
            extra={
                "call_sid": call.call_sid,
                "status": str(call.status),
                "duration_s": call.duration_s,
            },
        )


def _take_back_guess(call: Call) -> bool:
    """Forget that the sweeper guessed this call's end, if it did: the carrier knows better."""
    guesses, _ = call.events.filter(kind=EventKind.CLOSED_UNREPORTED).delete()
    return guesses > 0


def _progress_of(call: Call) -> Progress:
    return Progress(
        status=CallStatus(call.status),
        sequence=call.status_sequence,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        duration_s=call.duration_s,
    )


def _set_progress(call: Call, progress: Progress) -> None:
    call.status = progress.status
    call.status_sequence = progress.sequence
    call.answered_at = progress.answered_at
    call.ended_at = progress.ended_at
    call.duration_s = progress.duration_s


def _timed(report: StatusReport, call: Call) -> Report:
    """The report with its time; the carrier counts in seconds, and its clock is not ours."""
    at = now = timezone.now()
    if report.at is not None:
        at = report.at
    elif report.duration_s is not None:  # the report itself may be a day late
        at = call.started_at + timedelta(seconds=report.duration_s)
    return Report(
        status=report.status,
        sequence=report.sequence,
        at=min(max(at, call.started_at), now),
        duration_s=report.duration_s,
    )


def settle_end_reason(call_id: UUID) -> None:
    """Say why a call ended, by what is known now; a call that goes on has no reason."""
    call = Call.objects.final().filter(id=call_id, purpose=CallPurpose.CONVERSATION).first()
    if call is None:
        return
    facts = EndFacts(
        status=CallStatus(call.status),
        stream_state=StreamState(call.stream_state),
        agent_outcome=AgentOutcome(call.agent_outcome) if call.agent_outcome else None,
        carrier_records=call.carrier_records,
        carrier_fell_back=call.carrier_fell_back,
        has_message=call.carrier_recordings.exists(),
        outgoing=call.direction == Direction.OUTBOUND,
        was_placed=call.call_sid is not None,
        by_machine=call.answered_by.startswith(("machine", "fax")),
        was_handed_over=call.stream_generation > 0,
        sent_to_voicemail=call.events.filter(kind=EventKind.SENT_TO_VOICEMAIL).exists(),
    )
    Call.objects.filter(id=call_id).update(end_reason=end_reason(facts))
    # A process that died in mid-sentence could not take this away.
    call_events.show_being_said(call_id, "")


def expect_recording(call_sid: str, recording_sid: str) -> None:
    """Note that the carrier holds a recording of this call, for the worker to fetch; once."""
    call_id = Call.objects.filter(call_sid=call_sid).values_list("id", flat=True).first()
    if call_id is None:
        logger.error("recording of an unknown call", extra={"call_sid": call_sid})
        return
    CarrierRecording.objects.bulk_create(
        [CarrierRecording(call_id=call_id, sid=recording_sid)], ignore_conflicts=True
    )
    settle_end_reason(call_id)


def adopt_call(incoming: IncomingCall, *, came_at: datetime | None = None) -> None:
    """Make the row of a call that was answered without the database; one that is there stays.

    It is the call of whoever had the number when it came, by default now.
    """
    if Call.objects.filter(call_sid=incoming.call_sid).exists():
        return
    had = UserPhoneNumber.objects.had_at(incoming.called, came_at or timezone.now())
    number = had.first()
    if number is None:
        logger.warning("message for no number of ours", extra={"call_sid": incoming.call_sid})
        return
    with contextlib.suppress(IntegrityError), transaction.atomic():
        call = _insert_call(incoming, number, answering.ClassicVoicemail())
        at = came_at or call.started_at
        Call.objects.filter(id=call.id).update(
            carrier_fell_back=True, started_at=at, answered_at=at
        )


def note_unanswered(incoming: IncomingCall, *, came_at: datetime) -> None:
    """Note that a call was answered by taking a message, without what was decided here.

    The decision may have come late and stand in a row with a stream that nobody was told of.
    """
    adopt_call(incoming, came_at=came_at)
    unheard = Call.objects.filter(
        call_sid=incoming.call_sid, stream_state__in=(StreamState.NONE, StreamState.ISSUED)
    )
    for call_id in unheard.values_list("id", flat=True):
        Call.objects.filter(id=call_id).update(carrier_records=True, carrier_fell_back=True)
        settle_end_reason(call_id)
