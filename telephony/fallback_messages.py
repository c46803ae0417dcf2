"""What a static fallback elsewhere took while all of Aloha was away, found out from the provider.

Nobody told us of such a call: it is adopted from the provider's list, and its recording is fetched
like any other. A call that we know already keeps its row.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from accounts.row_security import service_scope
from telephony import calls, phone_numbers
from telephony.backends.base import ProviderCall, ProviderRecording, get_backend
from telephony.carrier_requests import IncomingCall, StatusReport
from telephony.models import Call, CallStatus, CarrierRecording, UserPhoneNumber

logger = logging.getLogger(__name__)

LOOK_BACK = timedelta(hours=48)
# A call that ended just now may still be told by its callbacks, or wait in the spool.
PATIENCE = timedelta(minutes=2)


def collect_fallback_messages(*, look_back: timedelta = LOOK_BACK) -> int:
    """File what the provider holds and we do not know; how many calls and messages that were.

    Asks the provider first and writes afterwards; safe to run twice. Raises ProviderError.
    """
    backend = get_backend()
    since = timezone.now() - look_back
    provider_calls = backend.list_calls(since=since)
    recordings = backend.list_recordings(since=since)
    with service_scope():
        return _adopt(provider_calls) + _expect(recordings)


def _adopt(found: Iterable[ProviderCall]) -> int:
    waited_for = {call.sid: call for call in found if call.ended_at < timezone.now() - PATIENCE}
    known = Call.objects.filter(call_sid__in=waited_for).values_list("call_sid", flat=True)
    unknown = [waited_for[sid] for sid in waited_for.keys() - set(known)]
    rows = UserPhoneNumber.objects.filter(
        phone_number__in={_number(call.called) for call in unknown}
    )
    # The account may have many calls of others; of the rest it is asked whose they were.
    once_ours = set(rows.values_list("phone_number", flat=True))
    ours = [call for call in unknown if _number(call.called) in once_ours and _had_owner(call)]
    for call in ours:
        _file(call)
    return len(ours)


def _had_owner(call: ProviderCall) -> bool:
    """Whether somebody had the number when the call came; she may have given it back since."""
    return UserPhoneNumber.objects.had_at(_number(call.called), call.started_at).exists()


def _file(call: ProviderCall) -> None:
    incoming = IncomingCall(
        call_sid=call.sid,
        caller=_number(call.caller),
        caller_withheld=phone_numbers.is_withheld(call.caller),
        called=_number(call.called),
        forwarded_from=_number(call.forwarded_from),
        was_forwarded=True if call.forwarded_from else None,
    )
    calls.adopt_call(incoming, came_at=call.started_at)
    calls.record_progress(
        StatusReport(
            call_sid=call.sid,
            status=CallStatus.COMPLETED,
            sequence=None,
            at=call.ended_at,
            duration_s=call.duration_s,
        )
    )
    logger.warning("call of the static fallback found", extra={"call_sid": call.sid})


def _number(text: str) -> str:
    """As the webhooks read it, and no longer than a row takes; unreadable signs are dropped."""
    return phone_numbers.e164_or_text("".join(filter(str.isprintable, text))[:128])


def _expect(found: Iterable[ProviderRecording]) -> int:
    call_of = {recording.sid: recording.call_sid for recording in found}
    known = CarrierRecording.objects.filter(sid__in=call_of).values_list("sid", flat=True)
    new = call_of.keys() - set(known)
    our_calls = set(
        Call.objects.filter(call_sid__in={call_of[sid] for sid in new}).values_list(
            "call_sid", flat=True
        )
    )
    ours = sorted(sid for sid in new if call_of[sid] in our_calls)
    for sid in ours:
        calls.expect_recording(call_of[sid], sid)
        logger.warning("unannounced message found", extra={"call_sid": call_of[sid]})
    return len(ours)
