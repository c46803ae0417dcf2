"""Demo data: an owner with a number and two messages, and somebody of the support staff.

Every row is found again by a fixed key, so that a repeat changes nothing, also not what somebody
has done with the demo in the meantime.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.row_security import service_scope
from agent.brief import CallType
from agent.models import DEFAULT_AGENT_NAME, AgentProfile
from agent.session import AgentOutcome, Role, TranscriptSource
from agent.speech import prompts
from agent.speech.mulaw import BYTES_PER_MS, SILENCE
from telephony.backends.fictional_numbers import numbers_for
from telephony.end_reasons import EndReason
from telephony.models import (
    LIVE_STATUSES,
    Call,
    CallStatus,
    NumberStatus,
    StreamState,
    TranscriptLine,
    UserPhoneNumber,
    VoicemailMode,
)
from telephony.recording import store_recording
from telephony.simulator.callers import load_script
from voicemail.models import MailState, Message, Stage
from voicemail.searching import text_of
from voicemail.summaries import plain_summary
from voicemail.words import words_of

OWNER_EMAIL, OWNER_PASSWORD = "demo@aloha.localhost", "aloha-demo"  # development only
SUPPORT_EMAIL, SUPPORT_PASSWORD = "support@aloha.localhost", "aloha-support"
PHONE_NUMBER, AREA_CODE = "+14155550132", "415"
EXTERNAL_PHONE_NUMBER = "+14155550178"
PAUSE_MS = 700


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """A scripted caller who called some time ago."""

    script: str
    caller_name: str
    ago: timedelta


PAST_CALLS = (
    PastCall(script="friend", caller_name="Tom", ago=timedelta(days=3, hours=2, minutes=41)),
    PastCall(script="customer", caller_name="Mrs Ito", ago=timedelta(days=1, minutes=18)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing said in a call: its words and its sound, raw 8 kHz mu-law."""

    role: Role
    text: str
    audio: bytes


def seed(*, now: datetime) -> UserPhoneNumber:
    """Make what is missing of the demo; the owner's number, whatever became of it."""
    with service_scope():
        owner = _user(OWNER_EMAIL, OWNER_PASSWORD, name="Nora Whitfield")
        _user(SUPPORT_EMAIL, SUPPORT_PASSWORD, name="Sam Support", is_staff=True, is_superuser=True)
        AgentProfile.objects.get_or_create(user=owner)
        number = _number(owner)
    for past in PAST_CALLS:
        with service_scope():
            _message(number, past, started_at=now - past.ago)
    return number


@transaction.atomic
def _user(email: str, password: str, *, name: str, **rights: bool) -> User:
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(
            email, password, name=name, time_zone="America/Los_Angeles", **rights
        )
        EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def _number(owner: User) -> UserPhoneNumber:
    sid = f"SIMULATED_SID_{_key('number')}"
    number = UserPhoneNumber.objects.filter(twilio_phone_sid=sid).first()
    return number or UserPhoneNumber.objects.create(
        twilio_phone_sid=sid,
        user=owner,
        phone_number=_free_number(),
        area_code=AREA_CODE,
        status=NumberStatus.ACTIVE,
        voicemail_enabled=True,
        voicemail_mode=VoicemailMode.VOICEMAIL_ONLY,
        external_phone_number=EXTERNAL_PHONE_NUMBER,
    )


def _free_number() -> str:
    """The demo's own number, or the next simulated one of its area that nobody has."""
    live = UserPhoneNumber.objects.filter(status__in=LIVE_STATUSES)
    taken = {EXTERNAL_PHONE_NUMBER, *live.values_list("phone_number", flat=True)}
    wanted = (PHONE_NUMBER, *numbers_for("US", AREA_CODE))
    return next(number for number in wanted if number not in taken)


@transaction.atomic
def _message(number: UserPhoneNumber, past: PastCall, *, started_at: datetime) -> None:
    """A call with recording, transcript and message; the worker sees all of it or nothing."""
    call_sid = f"SIMULATED_CALL_{_key(past.script)}"
    if Call.objects.filter(call_sid=call_sid).exists():
        return
    lines = _conversation(past.script)
    duration = timedelta(milliseconds=sum(map(_length_ms, lines)) + PAUSE_MS)
    call = Call.objects.create(
        call_sid=call_sid,
        number=number,
        owner=number.user,
        call_type=CallType.VOICEMAIL.value,
        from_number=load_script(past.script).from_number,
        to_number=number.phone_number,
        was_forwarded=False,  # setting that up is left to whoever tries the demo
        status=CallStatus.COMPLETED,
        end_reason=EndReason.AGENT_FINISHED,
        started_at=started_at,
        answered_at=started_at,
        ended_at=started_at + duration,
        duration_s=round(duration.total_seconds()),
        stream_state=StreamState.CLOSED,
        stream_generation=1,
        agent_backend="scripted",
        agent_name=DEFAULT_AGENT_NAME,
        agent_outcome=AgentOutcome.FINISHED.value,
        simulated=True,
    )
    store_recording(call=call, caller=_side(lines, Role.CALLER), agent=_side(lines, Role.AGENT))
    TranscriptLine.objects.bulk_create(_transcript(call, lines))
    _write_message(call, past.caller_name)


def _write_message(call: Call, caller_name: str) -> None:
    """As the worker would write it; nobody gets an e-mail about the demo."""
    words = words_of(call)
    found = plain_summary(words)
    message = Message(
        call=call,
        stage=Stage.NOTIFIED,
        mail_state=MailState.NOT_WANTED,
        caller_name=caller_name,
        reason=found.reason,
        urgency=found.urgency,
        callback_number=found.callback_number,
        summary=found.summary,
        summary_source=found.source,
        created_at=call.ended_at or timezone.now(),
    )
    message.search_text = text_of(message, words)
    message.save()


def _conversation(script: str) -> list[Line]:
    """What the scripted agent and this caller say to each other."""
    first, *more = (
        Line(role=Role.CALLER, text=turn.text, audio=turn.audio)
        for turn in load_script(script).turns
    )
    return [
        _prompt("greeting_voicemail"),
        first,
        _prompt("anything_else"),
        *more,
        _prompt("confirmed"),
        _prompt("goodbye"),
    ]


def _prompt(name: str) -> Line:
    return Line(role=Role.AGENT, text=prompts.text_of(name), audio=prompts.load(name))


def _length_ms(line: Line) -> int:
    """How long a line takes, with the pause before it."""
    return PAUSE_MS + len(line.audio) // BYTES_PER_MS


def _side(lines: Sequence[Line], role: Role) -> bytes:
    """What one side says, silent while the other speaks and between lines."""
    silence = bytes([SILENCE])
    pause = silence * PAUSE_MS * BYTES_PER_MS
    spoken = (
        pause + (line.audio if line.role is role else silence * len(line.audio)) for line in lines
    )
    return b"".join(spoken) + pause


def _transcript(call: Call, lines: Sequence[Line]) -> list[TranscriptLine]:
    rows, at_ms = [], 0
    for position, line in enumerate(lines):
        end_ms = at_ms + _length_ms(line)
        rows.append(
            TranscriptLine(
                call=call,
                position=position,
                role=line.role.value,
                text=line.text,
                start_ms=at_ms + PAUSE_MS,
                end_ms=end_ms,
                source=TranscriptSource.SCRIPTED.value,
            )
        )
        at_ms = end_ms
    return rows


def _key(name: str) -> str:
    """32 hexadecimal digits that stay the same."""
    return uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.demo.aloha.localhost").hex
