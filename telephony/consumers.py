"""The media socket: who may open it, and its way past Channels' dispatch.

Channels hops through the database thread for every message; media frames must not.
"""

import asyncio
import logging
from typing import Any

from channels.consumer import AsyncConsumer
from django.db import Error

from accounts.row_security import in_service_scope
from telephony import calls, draining, signatures, stream_handover
from telephony.caller_line import DIRECT, Receive, Send
from telephony.conversation import Conversation
from telephony.models import Call

logger = logging.getLogger(__name__)

NORMAL_CLOSURE = 1000
POLICY_VIOLATION = 1008
ADMISSION_SECONDS = 1.5  # the caller hears nothing meanwhile
HAND_OVER_SECONDS = 1.5  # as above, and the process is on its way out
SUBPROTOCOL = "audio.twilio.com"
"""Named back when it is offered, never unasked: the carrier then drops the socket."""


class MediaStreamConsumer(AsyncConsumer):  # type: ignore[misc]  # channels has no types
    """One call's media stream. Has no channel layer: Redis may die in mid-call."""

    channel_layer_alias = None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one socket from its handshake to its end."""
        await receive()  # websocket.connect
        subprotocol = SUBPROTOCOL if SUBPROTOCOL in scope["subprotocols"] else None
        try:
            call = await _admit(scope)
        except (TimeoutError, Error):
            logger.exception("stream turned away: the database does not answer")
            await send({"type": "websocket.accept", "subprotocol": subprotocol})
            await send({"type": "websocket.close", "code": NORMAL_CLOSURE})
            return
        if call is None:
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return
        await send({"type": "websocket.accept", "subprotocol": subprotocol})
        if draining.here.has_begun:
            # A clean close makes the carrier ask what comes next, a refused handshake may not.
            draining.here.carried.add(call.id)
            await _hand_over(call)
            await send({"type": "websocket.close", "code": NORMAL_CLOSURE})
            return
        direct = scope.get("extensions", {}).get(DIRECT)
        conversation = Conversation(call, receive, send, direct)
        del call  # a wide row
        with draining.here.holding(conversation):
            await conversation.run()


async def _hand_over(call: Call) -> None:
    """Let another process take the call; without a word from the database the carrier records."""
    try:
        async with asyncio.timeout(HAND_OVER_SECONDS):
            await in_service_scope(stream_handover.hand_over, call.id)
    except (TimeoutError, Error):
        logger.exception("stream not handed over: the database does not answer")


async def _admit(scope: dict[str, Any]) -> Call | None:
    """The call that this handshake may open: signed by the carrier, its token unspent.

    Raises TimeoutError and django.db.Error.
    """
    signature = dict(scope["headers"]).get(b"x-twilio-signature", b"").decode("latin-1")
    url = signatures.public_socket_url(scope["path"])
    if not signatures.is_authentic(url, {}, signature):
        logger.warning("stream refused: signature")
        return None
    token: str = scope["url_route"]["kwargs"]["token"]
    async with asyncio.timeout(ADMISSION_SECONDS):
        call = await in_service_scope(calls.claim_stream, token)
    if call is None:
        logger.warning("stream refused: token unknown, used or stale")
    return call
