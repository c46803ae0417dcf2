"""What somebody hears whom an agent has called: found by the call's row, never by the number.

Repeats are normal: a second request gets the first one's answer.
"""

import logging
import secrets
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from agent.backends.base import get_backend as get_agent_backend
from agent.session import AgentOutcome
from telephony import answering, do_not_call
from telephony.carrier_requests import OutgoingCall
from telephony.dialling import find_dialled
from telephony.models import FINAL_STATUSES, Call, Direction, StreamState
from telephony.outbound import is_off
from telephony.stream_handover import STREAM_TOKEN_SECONDS

logger = logging.getLogger(__name__)

OPT_OUT_KEY = "9"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredCall:
    """How an answered call goes on; `stream_path` is a secret. `owner_name` may be blank.

    `callee` is E.164, blank when nobody is to be talked to.
    """

    answer: answering.OutgoingAnswer
    callee: str = ""
    owner_name: str = ""
    stream_path: str = ""


def answer_call(outgoing: OutgoingCall) -> AnsweredCall:
    """Decide what the person, or the machine, at the other end hears."""
    call = find_dialled(outgoing.row, outgoing.call_sid)
    answer = answering.decide_outgoing(_facts(call, outgoing))
    logger.info(
        "outgoing call answered",
        extra={"call_sid": outgoing.call_sid, "answer": type(answer).__name__},
    )
    if call is None:
        return AnsweredCall(answer=answer)
    if outgoing.answered_by:
        Call.objects.filter(id=call.id).update(answered_by=outgoing.answered_by)
    return AnsweredCall(
        answer=answer,
        callee=call.to_number,
        owner_name=call.owner.name,
        stream_path=_stream_path(call) if isinstance(answer, answering.AgentCalls) else "",
    )


def take_key(outgoing: OutgoingCall, digits: str) -> AnsweredCall | None:
    """A key pressed while the notice was spoken: None when it means to be called no more."""
    return None if note_key(outgoing, digits) else answer_call(outgoing)


def note_key(outgoing: OutgoingCall, digits: str) -> bool:
    """Note the wish to be called no more, if the key is the one for it; whether it was."""
    call = find_dialled(outgoing.row, outgoing.call_sid)
    if call is None or not digits.startswith(OPT_OUT_KEY):
        return False
    outcome = AgentOutcome.OPTED_OUT_BY_KEY
    Call.objects.filter(id=call.id).update(agent_outcome=outcome.value)
    do_not_call.heed_outcome(call.id, outcome)
    return True


def is_outgoing(call_sid: str) -> bool:
    """Whether this is a call of ours."""
    return Call.objects.filter(call_sid=call_sid, direction=Direction.OUTBOUND).exists()


def pressed_opt_out(call_sid: str) -> bool:
    """Whether the key for no more calls was pressed while the agent talked."""
    by_key = AgentOutcome.OPTED_OUT_BY_KEY.value
    return Call.objects.filter(call_sid=call_sid, agent_outcome=by_key).exists()


def _facts(call: Call | None, outgoing: OutgoingCall) -> answering.OutgoingFacts:
    return answering.OutgoingFacts(
        is_ours=call is not None,
        is_over=call is not None and call.status in FINAL_STATUSES,
        is_wanted=call is not None
        and not is_off(call.number)
        and not do_not_call.is_listed(call.owner_id, call.to_number),
        by_machine=outgoing.by_machine,
        on_machine=settings.OUTBOUND_MACHINE,
    )


def _stream_path(call: Call) -> str:
    """The way to the agent: made by the first request, the same for every repeat of it."""
    Call.objects.filter(id=call.id, stream_token__isnull=True).update(
        stream_token=secrets.token_urlsafe(32),
        stream_token_expires_at=timezone.now() + timedelta(seconds=STREAM_TOKEN_SECONDS),
        stream_state=StreamState.ISSUED,
        agent_backend=get_agent_backend().name,
    )
    call.refresh_from_db(fields=["stream_token"])
    return f"/api/twilio/voice/stream/{call.stream_token}"
