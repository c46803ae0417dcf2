"""The socket of the browser's phone: who may call, and how often.

Only its own page opens it, for whoever is logged in, and it calls her own number alone.
"""

import asyncio
import json
import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from channels.consumer import AsyncConsumer
from channels.db import database_sync_to_async
from django.conf import settings
from django.utils import timezone

from accounts.models import User
from accounts.row_security import user_scope
from aloha_site.phone_call import EXTRA_SECONDS, POLICY_VIOLATION, PhoneCall, Receive, Send
from aloha_site.phone_messages import PhoneMessageError, PlaceCall, read_message
from telephony import usage
from telephony.errors import RateLimited
from telephony.models import FINAL_STATUSES, Call, UserPhoneNumber
from telephony.numbers import active_number
from telephony.simulator.errors import UnknownScript

logger = logging.getLogger(__name__)

CALLS_PER_HOUR = 30
FIRST_MESSAGE_SECONDS = 10

_on_the_phone: set[UUID] = set()
"""Owners whose browser calls from this process; the database knows those of the others."""


class PhoneRefused(Exception):
    """No call, for a reason that the page shows."""


class PhoneConsumer(AsyncConsumer):  # type: ignore[misc]  # channels has no types
    """One browser's phone; has a receive loop of its own, as the media socket has."""

    channel_layer_alias = None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one socket from its handshake to its end."""
        await receive()  # websocket.connect
        user: User = scope["user"]
        if not user.is_authenticated:
            logger.warning("browser phone refused: nobody is logged in")
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return
        await send({"type": "websocket.accept"})
        code = await _serve(user, receive, send)
        if code is not None:
            await send({"type": "websocket.close", "code": code})


async def _serve(user: User, receive: Receive, send: Send) -> int | None:
    """Admit one call and carry it; the code to close with, None when the browser has left."""
    try:
        async with asyncio.timeout(FIRST_MESSAGE_SECONDS):
            first = await receive()
        if first["type"] == "websocket.disconnect":
            return None
        wanted = read_message(first.get("text"), first.get("bytes"))
    except (TimeoutError, PhoneMessageError):
        return POLICY_VIOLATION
    if not isinstance(wanted, PlaceCall):
        return POLICY_VIOLATION
    if user.pk in _on_the_phone:
        return await _refuse(send, "Your number is being called from a browser already.")
    _on_the_phone.add(user.pk)
    try:
        number = await database_sync_to_async(_admit)(user)
        call = PhoneCall(wanted, user=user, number=number, receive=receive, send=send)
        await call.run()
    except (PhoneRefused, RateLimited, UnknownScript) as refusal:
        return await _refuse(send, str(refusal))
    finally:
        _on_the_phone.discard(user.pk)
    return call.close_code


def _admit(user: User) -> UserPhoneNumber:
    """The number to call. Raises PhoneRefused and RateLimited."""
    longest = timedelta(seconds=settings.MAX_CALL_SECONDS + EXTRA_SECONDS)
    with user_scope(user.pk):
        number = active_number(user)
        if number is None:
            raise PhoneRefused("You have no number to call yet. Choose one in the settings.")
        running = Call.objects.for_user(user).filter(
            simulated=True, number=number, started_at__gt=timezone.now() - longest
        )
        if running.exclude(status__in=FINAL_STATUSES).exists():
            raise PhoneRefused("A test call is on the line already. Try again when it is over.")
    usage.take("browser_call", subject=str(user.pk), limit=CALLS_PER_HOUR)
    return number


async def _refuse(send: Send, text: str) -> int:
    await send({"type": "websocket.send", "text": json.dumps({"type": "refused", "text": text})})
    return 1000
