"""The carrier of an owner's phone during a probe: rings it, then forwards, answers or gives up."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import aiohttp

from agent.speech import prompts
from telephony.simulator.call_flow import CallFlow
from telephony.simulator.call_identity import CallIdentity
from telephony.simulator.callback_queue import CallbackQueue
from telephony.simulator.callers import WavCaller
from telephony.simulator.carrier import FALLBACK_PATH, SimulatedCall
from telephony.simulator.events import CallEvent
from telephony.simulator.line import HungUp
from telephony.simulator.live_call import LiveCall
from telephony.simulator.phones import FORWARDING, SimulatedPhone
from telephony.simulator.webhook_client import WebhookClient

POLL_S = 0.2
HANGS_UP_AFTER_MS = 2000

IsEnded = Callable[[], Awaitable[bool]]


class PhoneIdentity(CallIdentity):
    """A call that we placed, as the carrier names it."""

    def fields(self, status: str) -> dict[str, str]:
        return super().fields(status) | {"Direction": "outbound-api"}


@dataclass(kw_only=True)
class ProbedPhone:
    """One probe of one phone: `play` it once.

    `aloha_number` is where the phone forwards to, `rings_for_s` how long it rings before something
    happens, and `gives_up_s` when our carrier ends the ringing. `is_ended` is asked now and then
    whether we hung up meanwhile.
    """

    call_sid: str
    base_url: str
    from_number: str
    phone_number: str
    aloha_number: str
    answer_url: str
    status_url: str
    behaviour: SimulatedPhone
    rings_for_s: float
    gives_up_s: float
    is_ended: IsEnded
    folder: Path
    _sequence: int = field(default=0, init=False)

    async def play(self) -> str:
        """Ring until the end; the final status of the call."""
        self._identity = PhoneIdentity(
            call_sid=self.call_sid, from_number=self.from_number, to_number=self.phone_number
        )
        async with aiohttp.ClientSession() as session:
            webhooks = WebhookClient(session, report=_ignore)
            async with CallbackQueue(webhooks, report=_ignore) as self._callbacks:
                self._tell("initiated")
                self._tell("ringing")
                status = await self._ring(session, webhooks)
                self._tell(status)
        return status

    async def _ring(self, session: aiohttp.ClientSession, webhooks: WebhookClient) -> str:
        if self.behaviour is SimulatedPhone.RINGS_OUT:
            return "canceled" if await self._is_ended_within(self.gives_up_s) else "no-answer"
        if await self._is_ended_within(self.rings_for_s):
            return "canceled"
        if self.behaviour is SimulatedPhone.DECLINED:
            return "busy"
        if self.behaviour in FORWARDING:
            await self._forward()
            # Whoever the call was forwarded to did not take it: for the caller it rings on.
            left_s = self.gives_up_s - self.rings_for_s
            return "canceled" if await self._is_ended_within(left_s) else "no-answer"
        return await self._answer(session, webhooks)

    async def _is_ended_within(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if await self.is_ended():
                return True
            await asyncio.sleep(min(POLL_S, seconds))
        return False

    async def _forward(self) -> None:
        rewrites = self.behaviour is SimulatedPhone.REWRITES_CALLER
        says_so = self.behaviour is SimulatedPhone.FORWARDS
        await SimulatedCall(
            base_url=self.base_url,
            caller=WavCaller([], hang_up_at_ms=HANGS_UP_AFTER_MS),
            to_number=self.aloha_number,
            from_number=self.phone_number if rewrites else self.from_number,
            forwarded_from=self.phone_number if says_so else "",
            folder=self.folder,
        ).run()

    async def _answer(self, session: aiohttp.ClientSession, webhooks: WebhookClient) -> str:
        """Play what we want said to whoever took the call, until one side hangs up."""
        call = LiveCall(
            identity=self._identity,
            caller=self._taker(),
            folder=self.folder,
            session=session,
            webhooks=webhooks,
            callbacks=self._callbacks,
            report=_ignore,
        )
        call.answered_line()
        self._tell("in-progress")
        flow = CallFlow(call, fallback_url=self.base_url + FALLBACK_PATH)
        with contextlib.suppress(HungUp):  # a person puts the phone down
            await flow.follow(self.answer_url)
        return "completed"

    def _taker(self) -> WavCaller:
        if self.behaviour is SimulatedPhone.OWN_VOICEMAIL:
            return WavCaller([prompts.load("greeting_voicemail")], speak_at_ms=0)
        return WavCaller([], hang_up_at_ms=HANGS_UP_AFTER_MS)

    def _tell(self, status: str) -> None:
        fields = self._identity.fields(status) | {
            "Timestamp": format_datetime(datetime.now(UTC)),
            "SequenceNumber": str(self._sequence),
            "CallbackSource": "call-progress-events",
        }
        self._sequence += 1
        self._callbacks.send(self.status_url, fields)


def _ignore(event: CallEvent) -> None:
    """What the carrier's debugger would show is nobody's concern here."""
