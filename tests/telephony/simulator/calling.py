"""Placing a simulated call on a server of the test's."""

import asyncio
from pathlib import Path
from typing import Any

from telephony.simulator.callers import WavCaller
from telephony.simulator.carrier import SimulatedCall
from telephony.simulator.events import CallEvent
from telephony.simulator.result import CallResult
from tests.peers.answering_app import AnsweringApp

LOUD = bytes([0x80, 0x00] * 80)  # 20 ms of the loudest square wave
QUIET = b"\xff" * 160
CALLER = "+15105550147"
OWNER = "+14155550123"


class Caller(WavCaller):
    """A caller who says `turns` and hangs up early, so that no test waits for long."""

    def __init__(self, *turns: bytes, hang_up_at_ms: int = 8000, speak_at_ms: int | None = None):
        super().__init__(turns, hang_up_at_ms=hang_up_at_ms, speak_at_ms=speak_at_ms)


async def place(
    app: AnsweringApp,
    tmp_path: Path,
    caller: Caller | None = None,
    events: list[CallEvent] | None = None,
    **options: Any,
) -> CallResult:
    """Call the server and wait for the end."""
    call = SimulatedCall(
        base_url=app.base_url,
        caller=caller or Caller(),
        to_number=OWNER,
        from_number=CALLER,
        folder=tmp_path,
        observe=lambda at_ms, event: events.append(event) if events is not None else None,
        **options,
    )
    async with asyncio.timeout(15):
        return await call.run()


async def place_pressing(
    app: AnsweringApp, tmp_path: Path, keys: dict[int, str], **options: Any
) -> CallResult:
    """Call the server; at so many milliseconds after the first sound the caller presses a key."""
    first_sound = asyncio.Event()

    def observe(at_ms: int, event: CallEvent) -> None:
        if type(event).__name__ in {"TextSpoken", "SoundPlayed"}:
            first_sound.set()

    call = SimulatedCall(
        base_url=app.base_url,
        caller=options.pop("caller", None) or Caller(),
        to_number=OWNER,
        from_number=CALLER,
        folder=tmp_path,
        observe=observe,
        **options,
    )

    async def press() -> None:
        await first_sound.wait()
        passed_ms = 0
        for at_ms, key in keys.items():
            await asyncio.sleep((at_ms - passed_ms) / 1000)
            passed_ms = at_ms
            await call.press(key)

    async with asyncio.timeout(15):
        pressing = asyncio.create_task(press())
        result = await call.run()
        await pressing
    return result
