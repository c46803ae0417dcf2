"""One call from a browser: the simulated carrier on one side, the browser's socket on the other.

The call takes the way of every call: signed webhooks and the media socket, over the network.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings
from django.urls import reverse

from accounts.models import User
from accounts.row_security import user_scope
from aloha_site.phone_messages import (
    HangUp,
    PhoneMessageError,
    PlaceCall,
    PressKey,
    Voice,
    read_message,
)
from telephony.frame_limits import FrameLimits
from telephony.models import Call, UserPhoneNumber
from telephony.simulator import callers
from telephony.simulator.carrier import SimulatedCall
from telephony.simulator.errors import ServerUnreachable
from telephony.simulator.events import (
    CallEvent,
    DocumentReceived,
    PlaybackCleared,
    StreamOpened,
    TextSpoken,
)
from telephony.simulator.live_callers import MicrophoneCaller, OverheardCaller
from telephony.simulator.order_rows import take_orders
from telephony.simulator.result import AnsweredBy
from voicemail.models import Message

logger = logging.getLogger(__name__)

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

MICROPHONE_NUMBER = "+15105550199"
"""Who calls when the browser's microphone speaks; kept free for fiction."""
FAR_END, CALLER = b"\x00", b"\x01"
"""The first byte of a binary message: whose voice the rest is."""
MAX_AUDIO_WAITING = 200
MAX_WAITING = 300
"""Messages on their way to the browser: one that is stuck loses audio first."""
EXTRA_SECONDS = 240
"""Beyond the agent's time limit: the notice before and a message after the tone."""
LEAVING_SECONDS = 20.0
MESSAGE_SECONDS = 15.0
MESSAGE_POLL_SECONDS = 0.25
POLICY_VIOLATION = 1008
UNREACHABLE = (
    "This call could not be made: Aloha does not reach its own address from here. Calls from "
    "phones go another way. Whoever runs this Aloha finds the reason in its log."
)


class PhoneCall:
    """Runs once; the socket is accepted and stays open for whoever called `run`."""

    def __init__(
        self,
        wanted: PlaceCall,
        *,
        user: User,
        number: UserPhoneNumber,
        receive: Receive,
        send: Send,
    ) -> None:
        self._user = user
        self._receive, self._send = receive, send
        self._to_browser: asyncio.Queue[dict[str, Any]] = asyncio.Queue(MAX_WAITING)
        self._limits = FrameLimits()
        self._microphone = MicrophoneCaller()
        script = callers.load_script(wanted.script) if wanted.script else None
        self._caller = OverheardCaller(
            script.caller() if script else self._microphone, hear=self._hear
        )
        self._call = SimulatedCall(
            base_url=settings.PUBLIC_BASE_URL,
            caller=self._caller,
            to_number=number.phone_number,
            from_number=script.from_number if script else MICROPHONE_NUMBER,
            observe=self._observe,
            orders=take_orders,
        )
        self._looking_up: asyncio.Task[None] | None = None
        self.close_code = 1000

    async def run(self) -> None:
        """The call to its end and the message that came of it, unless the browser leaves first."""
        loop = asyncio.get_running_loop()
        limit = loop.call_later(settings.MAX_CALL_SECONDS + EXTRA_SECONDS, self._caller.leave)
        self._tell("placed", **{"from": self._call.identity.from_number})
        placing = asyncio.create_task(self._place())
        sending = asyncio.create_task(self._pass_on())
        reading = asyncio.create_task(self._read())
        try:
            await asyncio.wait({placing, reading}, return_when=asyncio.FIRST_COMPLETED)
            self._caller.leave()
            await asyncio.wait({placing}, timeout=LEAVING_SECONDS)
            if not reading.done():
                await asyncio.wait(
                    {reading, asyncio.create_task(self._tell_message())},
                    return_when=asyncio.FIRST_COMPLETED,
                )
                await asyncio.wait_for(self._to_browser.join(), LEAVING_SECONDS)
        finally:
            limit.cancel()
            await _end([placing, sending, reading])

    async def _place(self) -> None:
        try:
            result = await self._call.run()
        except ServerUnreachable as error:
            # Its words name an address and a setting, which are the operator's to read.
            logger.error("browser call not placed", extra={"error": str(error)})
            self._tell("refused", text=UNREACHABLE)
            return
        finally:
            if self._looking_up is not None:
                await self._looking_up
        self._tell(
            "ended",
            isAnswered=result.answered_by in {AnsweredBy.AGENT, AnsweredBy.CLASSIC},
            isRejected=result.answered_by is AnsweredBy.REJECTED,
        )

    async def _read(self) -> None:
        """Take what the browser sends until it leaves or sends what no phone sends."""
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return
            self._limits.taken += 1
            is_flood = self._limits.is_flood(seconds=loop.time() - began_at)
            try:
                await self._take(message)
            except PhoneMessageError:
                is_flood |= self._limits.is_garbage()
            if is_flood:
                logger.warning("browser phone closed: too much or nonsense")
                self.close_code = POLICY_VIOLATION
                return

    async def _take(self, message: dict[str, Any]) -> None:
        match read_message(message.get("text"), message.get("bytes")):
            case Voice(audio):
                self._microphone.speak(audio)
            case PressKey(key):
                await self._call.press(key)
            case HangUp():
                self._caller.leave()
            case PlaceCall():
                raise PhoneMessageError("The call is placed already.")

    def _hear(self, heard: bytes, said: bytes) -> None:
        if self._to_browser.qsize() < MAX_AUDIO_WAITING:
            self._to_browser.put_nowait({"bytes": FAR_END + heard})
            self._to_browser.put_nowait({"bytes": CALLER + said})

    def _observe(self, at_ms: int, event: CallEvent) -> None:
        match event:
            case DocumentReceived() if self._looking_up is None:
                self._looking_up = asyncio.create_task(self._tell_call())
            case TextSpoken(text=text):
                self._tell("said", text=text, atMs=at_ms)
            case StreamOpened():
                self._tell("connected", atMs=at_ms)
            case PlaybackCleared():
                self._tell("interrupted")

    def _tell(self, kind: str, **facts: Any) -> None:
        if not self._to_browser.full():
            self._to_browser.put_nowait({"text": json.dumps({"type": kind, **facts})})

    async def _tell_call(self) -> None:
        """Lead the browser to what is written down of the call; some answers make no call."""
        call = await self._own(Call.objects.filter(call_sid=self._call.identity.call_sid).first)
        if call is not None:
            self._tell(
                "call",
                page=reverse("call", args=[call.id]),
                lines=reverse("call_lines", args=[call.id]),
            )

    async def _tell_message(self) -> None:
        """Wait for the message in the inbox: the worker makes it when the call is over."""
        of_this_call = Message.objects.filter(call__call_sid=self._call.identity.call_sid)
        deadline = asyncio.get_running_loop().time() + MESSAGE_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            message = await self._own(of_this_call.first)
            if message is not None:
                self._tell("message", page=reverse("message", args=[message.id]))
                return
            await asyncio.sleep(MESSAGE_POLL_SECONDS)

    async def _own(self, query: Callable[[], Any]) -> Any:
        def scoped() -> Any:
            with user_scope(self._user.pk):
                return query()

        return await database_sync_to_async(scoped)()

    async def _pass_on(self) -> None:
        while True:
            message = await self._to_browser.get()
            try:
                await self._send({"type": "websocket.send", **message})
            finally:
                self._to_browser.task_done()


async def _end(tasks: list["asyncio.Task[None]"]) -> None:
    for task in tasks:
        task.cancel()
    for error in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(error, Exception):
            logger.error("browser phone broke", exc_info=error)
