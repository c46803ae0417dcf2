"""Messages to test with."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from telephony.models import Call, UserPhoneNumber
from telephony.recording import store_recording
from tests.factories import make_call
from voicemail.models import Message, Stage

CALLER, AGENT = b"\x00" * 800, b"\xff" * 800  # 100 ms each


def leave_message(
    number: UserPhoneNumber,
    *,
    minutes_ago: int = 5,
    call_fields: dict[str, Any] | None = None,
    **fields: Any,
) -> Message:
    """A message with 100 ms of audio; `fields` are the message's own."""
    call = ended_call(number, minutes_ago, **(call_fields or {}))
    store_recording(call=call, caller=CALLER, agent=AGENT)
    return Message.objects.create(call=call, **({"stage": Stage.NOTIFIED} | fields))


def ended_call(number: UserPhoneNumber, minutes_ago: int, **fields: Any) -> Call:
    ended_at = timezone.now() - timedelta(minutes=minutes_ago)
    defaults = {"status": "completed", "started_at": ended_at, "ended_at": ended_at}
    return make_call(number, **(defaults | fields))
