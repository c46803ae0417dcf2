"""One simulated inbound call: what Twilio does, over the network, from the first webhook on."""

import asyncio
import logging
import ssl
import time
from collections.abc import Collection, Mapping
from pathlib import Path

import aiohttp
from django.conf import settings

from telephony import phone_numbers
from telephony.simulator.call_flow import CallFlow
from telephony.simulator.call_identity import CallIdentity, new_call_sid
from telephony.simulator.callback_queue import CallbackQueue
from telephony.simulator.callers import Caller
from telephony.simulator.events import CallEnded, CallEvent, Observer, Party, Warned
from telephony.simulator.line import HungUp
from telephony.simulator.live_call import LiveCall
from telephony.simulator.orders import Orders, OrderSource
from telephony.simulator.result import CallResult
from telephony.simulator.webhook_client import WebhookClient

logger = logging.getLogger(__name__)

INCOMING_PATH = "/api/twilio/voice/incoming"
STATUS_PATH = "/api/twilio/voice/status"
FALLBACK_PATH = "/api/twilio/voice/fallback"
ORDERS_S = 0.2
"""How often a call looks for orders."""


class SimulatedCall:
    """Places one inbound call with `run`; the object is good for one call.

    `base_url` is the server's address as its PUBLIC_BASE_URL says it: signatures cover it.
    Recordings of <Record> go to `folder`/<call sid>/, by default to the var directory.
    `fallback_url` is the number's voice fallback, by default the server's own. Requests whose
    path ends in a name of `deliver_twice` ("incoming", "status", ...) are sent a second time.
    `orders` are carried out while the call runs. `trust` is for a server with a certificate that
    nobody else knows.
    """

    def __init__(
        self,
        *,
        base_url: str,
        caller: Caller,
        to_number: str,
        from_number: str,
        forwarded_from: str = "",
        folder: Path | None = None,
        observe: Observer | None = None,
        fallback_url: str | None = None,
        deliver_twice: Collection[str] = (),
        trust: ssl.SSLContext | None = None,
        orders: OrderSource | None = None,
        call_sid: str = "",
        direction: str = "inbound",
    ) -> None:
        self.identity = CallIdentity(
            from_number=from_number,
            to_number=to_number,
            forwarded_from=forwarded_from,
            call_sid=call_sid or new_call_sid(),
            direction=direction,
        )
        self.orders = Orders()
        self._order_source = orders
        self.folder: Path = (folder or settings.VAR_DIR / "calls") / self.identity.call_sid
        self._base_url = base_url.rstrip("/")
        self._caller = caller
        self._observe = observe
        self._fallback_url = fallback_url or self._base_url + FALLBACK_PATH
        self._deliver_twice = frozenset(deliver_twice)
        self._trust = trust
        self._call: LiveCall | None = None
        self._placed_at = 0.0
        self._warnings: list[str] = []

    async def run(self) -> CallResult:
        """Place the call; returns when it is over and the server was told so.

        Raises ServerUnreachable when nobody answers the first request; every other fault of the
        server's is part of the result.
        """
        self._placed_at = time.monotonic()
        masked = phone_numbers.masked(self.identity.to_number)
        logger.info(
            "simulated call placed", extra={"call_sid": self.identity.call_sid, "to": masked}
        )
        connector = aiohttp.TCPConnector(ssl=self._trust or True)
        async with aiohttp.ClientSession(connector=connector) as session:
            webhooks = WebhookClient(
                session, report=self._report, deliver_twice=self._deliver_twice
            )
            async with CallbackQueue(webhooks, report=self._report) as callbacks:
                self._call = LiveCall(
                    identity=self.identity,
                    caller=self._caller,
                    folder=self.folder,
                    session=session,
                    webhooks=webhooks,
                    callbacks=callbacks,
                    report=self._report,
                    orders=self.orders,
                )
                ended_by = await self._run_until_hung_up(self._call)
                self._tell_end(self._call)
        self._report(CallEnded(by=ended_by, status=self._call.outcome.status))
        result = self._result(self._call, ended_by)
        logger.info(
            "simulated call over",
            extra={"call_sid": result.call_sid, "answered_by": result.answered_by.value},
        )
        return result

    def hang_up(self) -> None:
        """The caller hangs up now."""
        if self._call is not None and self._call.line is not None:
            self._call.line.hang_up()

    async def press(self, key: str) -> None:
        """The caller presses a key."""
        if self._call is not None:
            await self._call.press(key)

    async def _run_until_hung_up(self, call: LiveCall) -> Party:
        obeying = asyncio.create_task(self._take_orders())
        try:
            return await self._carry(call)
        except HungUp as ended:
            call.outcome.was_hung_up = True
            return ended.by
        finally:
            obeying.cancel()
            await asyncio.gather(obeying, return_exceptions=True)

    async def _carry(self, call: LiveCall) -> Party:
        """The call from its first request on; who ended it. Raises HungUp."""
        await self._follow(call, self._base_url + INCOMING_PATH)
        return Party.FAR_END

    async def _follow(self, call: LiveCall, url: str, *, document: bytes = b"") -> None:
        await CallFlow(call, fallback_url=self._fallback_url).follow(url, document=document)

    async def _take_orders(self) -> None:
        while self._order_source is not None:
            for order in await self._order_source(self.identity.call_sid):
                self.orders.add(order)
            await asyncio.sleep(ORDERS_S)

    def _tell_end(self, call: LiveCall) -> None:
        duration_s = round(call.line.duration_ms / 1000) if call.line else 0
        fields = self.identity.final_fields(call.outcome.status, duration_s=duration_s)
        self.send_callback(self._base_url + STATUS_PATH, fields)

    def send_callback(self, url: str, fields: Mapping[str, str]) -> None:
        """Send a status callback after what was queued before."""
        if self._call is not None:
            self._call.callbacks.send(url, fields)

    def _report(self, event: CallEvent) -> None:
        if isinstance(event, Warned):
            self._warnings.append(f"{event.code} {event.text}")
        if self._observe is not None:
            self._observe(self._ms_since_placed(time.monotonic()), event)

    def _ms_since_placed(self, moment: float) -> int:
        return round((moment - self._placed_at) * 1000)

    def _result(self, call: LiveCall, ended_by: Party) -> CallResult:
        line = call.line
        heard_at = line.first_audio_at if line else None
        return CallResult(
            call_sid=self.identity.call_sid,
            answered_by=call.outcome.answered_by,
            status=call.outcome.status,
            ended_by=ended_by,
            first_audio_ms=None if heard_at is None else self._ms_since_placed(heard_at),
            duration_ms=line.duration_ms if line else 0,
            said_ms=line.said_ms if line else 0,
            heard_ms=line.heard_ms if line else 0,
            heard=bytes(line.heard) if line else b"",
            said=bytes(line.said) if line else b"",
            recordings=tuple(call.recordings),
            warnings=tuple(self._warnings),
        )
