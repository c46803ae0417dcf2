"""The carrier's webhooks: read, call one function, answer with TwiML or 204."""

import logging
from datetime import datetime
from functools import partial
from typing import assert_never

from django.http import HttpResponse

from accounts.row_security import service_scope
from agent.brief import CallType
from telephony import (
    answering,
    call_events,
    calls,
    carrier_requests,
    dialling,
    draining,
    kept_endings,
    outgoing,
    stand_ins,
    stream_handover,
    twiml,
)
from telephony.call_events import EventKind
from telephony.call_notice import CallNotice, notice_for
from telephony.carrier_guard import twilio_callback, twilio_stand_in, twilio_webhook
from telephony.carrier_requests import OutgoingCall, RecordedMessage, SignedForm
from telephony.signatures import public_socket_url, public_url

logger = logging.getLogger(__name__)


def _note_unanswered(form: SignedForm, came_at: datetime) -> None:
    outgoing_call = carrier_requests.read_outgoing_call(form)
    if outgoing_call is not None:
        # It rings, which its row may not say yet; who answered has heard that we are sorry.
        with service_scope():
            dialling.find_dialled(outgoing_call.row, outgoing_call.call_sid)
        return
    call = carrier_requests.read_incoming_call(form)
    with service_scope():
        calls.note_unanswered(call, came_at=came_at)


def _note_key(form: SignedForm, came_at: datetime) -> None:
    outgoing_call = carrier_requests.read_outgoing_call(form)
    if outgoing_call is not None:
        with service_scope():
            outgoing.note_key(outgoing_call, carrier_requests.read_digits(form))


@partial(twilio_webhook, replay=_note_unanswered)
def incoming(form: SignedForm) -> HttpResponse:
    """Somebody calls one of our numbers, or has answered a call of ours."""
    outgoing_call = carrier_requests.read_outgoing_call(form)
    if outgoing_call is not None or carrier_requests.read_is_outgoing(form):
        return _outgoing(outgoing_call)
    call = carrier_requests.read_incoming_call(form)
    with service_scope():
        opened = calls.open_call(call)
    match opened.answer:
        case answering.NotInService():
            return _twiml(twiml.not_in_service())
        case answering.Refused() | answering.ProbeReturned():
            return _twiml(twiml.reject())
        case answering.Over():
            return _twiml(twiml.hang_up())
        case answering.ClassicVoicemail():
            return _twiml(
                twiml.classic_voicemail(recording_url=_url("recording"), greeting=opened.greeting)
            )
        case answering.AgentAnswers(call_type):
            notice = notice_for(call.called)
            return _twiml(_agent_twiml(call_type, opened.stream_path, notice=notice))
        case _ as unknown:
            assert_never(unknown)


def _go_on_after_stream(form: SignedForm, *, is_heard: bool = True) -> HttpResponse:
    call_sid = carrier_requests.read_call_sid(form)
    is_over = carrier_requests.read_call_is_over(form)
    with service_scope():
        call_events.note_report(
            call_sid,
            kind=EventKind.AFTER_STREAM,
            payload=form.as_payload(),
            facts={"callIsOver": is_over},
        )
        is_taken_on = is_heard and not (is_over or draining.here.is_alone)
        waiting = stream_handover.waiting_stream(call_sid) if is_taken_on else None
        if waiting is not None:
            return _twiml(_agent_twiml(CallType(waiting.call_type), calls.stream_path(waiting)))
        if outgoing.is_outgoing(call_sid):
            return _twiml(_end_of_outgoing(call_sid))
        if is_over or calls.has_said_goodbye(call_sid):
            return _twiml(twiml.hang_up())
        is_cut = calls.hand_to_carrier(call_sid)
    logger.log(
        logging.ERROR if is_cut else logging.INFO,
        "process of a stream died" if is_cut else "caller without agent goes to the tone",
        extra={"call_sid": call_sid},
    )
    return _twiml(twiml.classic_voicemail(recording_url=_url("recording"), apology=True))


def _note_after_stream(form: SignedForm, came_at: datetime) -> None:
    # The carrier has heard a stand-in, and records. The worker has written endings down before.
    _go_on_after_stream(form, is_heard=False)


@partial(twilio_webhook, replay=_note_after_stream)
def after_stream(form: SignedForm) -> HttpResponse:
    """The media stream is over: hang up, open the next one, or take a message without an agent."""
    # A goodbye that the database did not take in time.
    kept_endings.write_down_endings(carrier_requests.read_call_sid(form))
    return _go_on_after_stream(form)


@twilio_callback
def status(form: SignedForm) -> HttpResponse:
    """The carrier says where a call is."""
    report = carrier_requests.read_status_report(form)
    row = carrier_requests.read_row(form)
    with service_scope():
        if row is not None:
            dialling.find_dialled(row, report.call_sid)
        call_events.note_report(
            report.call_sid,
            kind=EventKind.STATUS,
            key=f"{report.status.value}:{'' if report.sequence is None else report.sequence}",
            payload=form.as_payload(),
            facts=report.as_facts(),
        )
        calls.record_progress(report)
    return HttpResponse(status=204)


@twilio_callback
def stream_status(form: SignedForm) -> HttpResponse:
    """The carrier says that a media stream started, stopped or failed."""
    stream_event = carrier_requests.read_stream_event(form)
    with service_scope():
        call_events.note_report(
            stream_event.call_sid,
            kind=EventKind(stream_event.kind),
            key=stream_event.stream_sid,
            payload=form.as_payload(),
            facts={"streamSid": stream_event.stream_sid},
        )
    return HttpResponse(status=204)


def _take_recording(form: SignedForm, came_at: datetime | None = None) -> None:
    left = carrier_requests.read_recording(form)
    call = None if left.status else carrier_requests.read_incoming_call(form)
    with service_scope():
        if call is not None:
            calls.adopt_call(call, came_at=came_at)
        _note_recording(left, form)


@partial(
    twilio_webhook,
    replay=_take_recording,
    stand_in=stand_ins.thank_or_acknowledge,
    waits_in_line=carrier_requests.is_about_the_file,
)
def recording(form: SignedForm) -> HttpResponse:
    """A recorded message: the caller comes back from it, or its file is ready."""
    _take_recording(form)
    if carrier_requests.is_about_the_file(form):
        return HttpResponse(status=204)
    return _twiml(twiml.message_taken())


def _note_recording(left: RecordedMessage, form: SignedForm) -> None:
    key = f"{left.recording_sid}:{left.status}"
    call_events.note_report(
        left.call_sid,
        kind=EventKind.RECORDING,
        key=key,
        payload=form.as_payload(),
        facts={"recordingSid": left.recording_sid, "status": left.status},
    )
    if left.is_kept:
        calls.expect_recording(left.call_sid, left.recording_sid)


@partial(twilio_webhook, replay=_note_key)
def key_pressed(form: SignedForm) -> HttpResponse:
    """Somebody whom we called pressed a key while the notice was spoken."""
    digits = carrier_requests.read_digits(form)
    outgoing_call = carrier_requests.read_outgoing_call(form)
    if outgoing_call is None:
        return _twiml(twiml.hang_up())
    with service_scope():
        answered = outgoing.take_key(outgoing_call, digits)
    if answered is None:
        return _twiml(twiml.opted_out())
    if isinstance(answered.answer, answering.AgentCalls):
        return _twiml(
            twiml.agent_calls_after_key(
                notice=notice_for(answered.callee),
                owner_name=answered.owner_name,
                **_stream(answered.stream_path),
            )
        )
    return _twiml(twiml.hang_up())


# The carrier could not get an answer elsewhere: take the message, and file the call later.
fallback = twilio_stand_in("fallback", stand_in=stand_ins.take_a_message, replay=_note_unanswered)


def _outgoing(outgoing_call: OutgoingCall | None) -> HttpResponse:
    """Somebody whom we called has answered; a call that names no row of ours is ended."""
    if outgoing_call is None:
        return _twiml(twiml.hang_up())
    with service_scope():
        answered = outgoing.answer_call(outgoing_call)
    match answered.answer:
        case answering.HangUp():
            return _twiml(twiml.hang_up())
        case answering.LeaveNote():
            notice = notice_for(answered.callee)
            return _twiml(twiml.note_on_machine(notice=notice, owner_name=answered.owner_name))
        case answering.AgentCalls():
            return _twiml(
                twiml.agent_calls(
                    notice=notice_for(answered.callee),
                    owner_name=answered.owner_name,
                    key_url=_url(f"key?call={outgoing_call.row}"),
                    **_stream(answered.stream_path),
                )
            )
        case _ as unknown:
            assert_never(unknown)


def _end_of_outgoing(call_sid: str) -> str:
    if outgoing.pressed_opt_out(call_sid):
        return twiml.opted_out()
    return twiml.hang_up() if calls.has_said_goodbye(call_sid) else twiml.sorry()


def _agent_twiml(call_type: CallType, stream_path: str, *, notice: CallNotice | None = None) -> str:
    return twiml.agent_answers(notice=notice, **_stream(stream_path, call_type=call_type))


def _stream(stream_path: str, *, call_type: CallType = CallType.LIVE) -> dict[str, str]:
    return {
        "stream_url": public_socket_url(stream_path),
        "after_url": _url("after-stream"),
        "stream_status_url": _url("stream-status"),
        "call_type": call_type,
    }


def _url(step: str) -> str:
    return public_url(f"/api/twilio/voice/{step}")


def _twiml(document: str) -> HttpResponse:
    return HttpResponse(document, content_type="text/xml")
