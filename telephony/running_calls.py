"""Calls that are on the line now: which ones an owner has, and steering them.

Steering goes through the carrier, never through our processes: whichever of them holds the call's
socket sees its line stop.
"""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from accounts.row_security import user_scope
from agent import profiles
from telephony import call_events, twiml
from telephony.backends.base import backend_for_call
from telephony.call_events import EventKind
from telephony.errors import CallOver
from telephony.models import FINAL_STATUSES, Call, CallPurpose
from telephony.signatures import public_url

RECORDING_PATH = "/api/twilio/voice/recording"


def running_call(user: User) -> Call | None:
    """The owner's latest conversation that is not over, unless it has outlived every limit."""
    longest = timedelta(seconds=settings.MAX_CALL_SECONDS + twiml.MAX_MESSAGE_SECONDS)
    running = (
        Call.objects.for_user(user)
        .filter(purpose=CallPurpose.CONVERSATION)
        .exclude(status__in=FINAL_STATUSES)
    )
    recent = running.filter(started_at__gt=timezone.now() - longest, call_sid__isnull=False)
    return recent.select_related("number").order_by("-started_at").first()


def end_running_call(call: Call) -> None:
    """Hang up. Raises CallOver and ProviderError. Not inside a transaction."""
    if call.is_final:
        raise CallOver
    backend_for_call(simulated=call.simulated).end_call(call.call_sid or "")


def take_message_now(call: Call) -> None:
    """Let the caller leave a message after the tone instead of talking on.

    Raises CallOver and ProviderError. Not inside a transaction. The carrier is told first: should
    we die before it is noted, the recording's callback still brings the message.
    """
    if call.is_final:
        raise CallOver
    with user_scope(call.owner_id):
        greeting = profiles.voicemail_greeting_of(call.owner_id)
    document = twiml.classic_voicemail(recording_url=public_url(RECORDING_PATH), greeting=greeting)
    backend_for_call(simulated=call.simulated).redirect_call(call.call_sid or "", document=document)
    with user_scope(call.owner_id):
        call_events.note(call.id, kind=EventKind.SENT_TO_VOICEMAIL)
        Call.objects.filter(id=call.id).update(carrier_records=True)
