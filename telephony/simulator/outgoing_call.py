"""One simulated call that we placed: the carrier rings a phone, and asks us what to say."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import assert_never

from telephony.backends.base import MachineDetection
from telephony.simulator import sounds
from telephony.simulator.callees import CalledPhone, Taking
from telephony.simulator.carrier import SimulatedCall
from telephony.simulator.events import Observer, Party
from telephony.simulator.line import Line, Redirected
from telephony.simulator.live_call import LiveCall
from telephony.simulator.orders import OrderSource

TICK_S = 0.02
LISTENS_S = 1
"""How long the carrier listens until it knows a person, or that it is a machine."""
MACHINE_SPEAKS_S = 4
"""How long it listens until the machine's tone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What the carrier was asked for."""

    call_sid: str
    from_number: str
    to_number: str
    url: str
    status_url: str
    ring_seconds: int
    machine_detection: MachineDetection = MachineDetection.OFF


async def _listen(line: Line, seconds: int) -> bytes:
    """Find out who answered; what the call is to do instead, where that was ordered meanwhile."""
    try:
        await line.play(sounds.silence(seconds))
    except Redirected as order:
        return order.document
    return b""


class SimulatedOutgoingCall(SimulatedCall):
    """Rings `phone` with `run`; the callbacks are numbered from 0."""

    def __init__(
        self,
        placed: Placed,
        phone: CalledPhone,
        *,
        folder: Path | None = None,
        observe: Observer | None = None,
        orders: OrderSource | None = None,
    ) -> None:
        super().__init__(
            base_url="",
            caller=phone.voice,
            to_number=placed.to_number,
            from_number=placed.from_number,
            call_sid=placed.call_sid,
            direction="outbound-api",
            fallback_url=placed.url,
            folder=folder,
            observe=observe,
            orders=orders,
        )
        self._placed = placed
        self._phone = phone
        self._sequence = 0

    async def _carry(self, call: LiveCall) -> Party:
        self._tell("initiated")
        self._tell("ringing")
        call.outcome.final_status = await self._ring()
        if call.outcome.final_status is not None:
            return Party.CARRIER
        line = call.answered_line()
        self._tell("in-progress")
        pressing = asyncio.create_task(self._press_keys())
        try:
            answered_by, listens_s = self._detection()
            call.identity = replace(call.identity, answered_by=answered_by)
            document = await _listen(line, listens_s)
            await self._follow(call, self._placed.url, document=document)
        finally:
            pressing.cancel()
            await asyncio.gather(pressing, return_exceptions=True)
        return Party.FAR_END

    async def _ring(self) -> str | None:
        """The final status of a call that nobody takes, None for one that is answered."""
        if self._phone.taking is Taking.BUSY:
            return Taking.BUSY.value
        answers = self._phone.taking is Taking.ANSWERED
        rings_ms = self._phone.rings_ms if answers else self._placed.ring_seconds * 1_000
        clock = asyncio.get_running_loop().time
        until = clock() + min(rings_ms, self._placed.ring_seconds * 1_000) / 1_000
        while clock() < until:
            if self.orders.is_to_end:
                return "canceled"
            await asyncio.sleep(TICK_S)
        if answers and rings_ms <= self._placed.ring_seconds * 1_000:
            return None
        return Taking.NO_ANSWER.value

    def _detection(self) -> tuple[str, int]:
        """What the request for TwiML says of who answered, and how long that took to find out."""
        detection = self._placed.machine_detection
        match detection:
            case MachineDetection.OFF:
                return "", 0
            case MachineDetection.AT_START:
                return ("machine_start" if self._phone.is_machine else "human"), LISTENS_S
            case MachineDetection.AT_END if self._phone.is_machine:
                return "machine_end_beep", MACHINE_SPEAKS_S
            case MachineDetection.AT_END:
                return "human", LISTENS_S
            case _:
                assert_never(detection)

    async def _press_keys(self) -> None:
        passed_ms = 0
        for at_ms, key in sorted(self._phone.keys.items()):
            await asyncio.sleep((at_ms - passed_ms) / 1_000)
            passed_ms = at_ms
            await self.press(key)

    def _tell_end(self, call: LiveCall) -> None:
        duration_s = round(call.line.duration_ms / 1_000) if call.line else 0
        self._send(
            self.identity.final_fields(
                call.outcome.status, duration_s=duration_s, sequence=self._sequence
            )
        )

    def _tell(self, status: str) -> None:
        self._send(self.identity.progress_fields(status, sequence=self._sequence))
        self._sequence += 1

    def _send(self, fields: Mapping[str, str]) -> None:
        self.send_callback(self._placed.status_url, fields)
