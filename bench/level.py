"""One level: so many calls at once against one candidate, and what came of it."""

import asyncio
import resource
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any, Self

import aiohttp

from bench import websocket
from bench.legs import Call, CarrierLeg, Meter
from bench.processes import Candidate
from bench.realtime_leg import RealtimeLeg
from bench.stamps import FRAME_MS, Track
from bench.webhooks import announcing, place_call, signature

OPENING_AT_ONCE = 2
OPENING_SECONDS = 60
SETTLE_SECONDS = 1.0
DRAIN_SECONDS = 2.0
"""Frames still on their way when the callers fall silent have this long to arrive."""
CLOSING_SECONDS = 15
REST_SECONDS, REST_TRIES = 0.3, 20
LIMIT_MS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What one level showed; None where nothing was measured."""

    candidate: str
    calls: int
    seconds: float
    opened: int
    up_p50_ms: float | None
    up_p99_ms: float | None
    down_p50_ms: float | None
    down_p99_ms: float | None
    barge_in_p99_ms: float | None
    barge_ins: int
    frames: int
    lost: int
    reordered: int
    broken: int
    cpu_ms_per_call_minute: float
    cpu_percent: float
    generator_percent: float
    generator_late_p99_ms: float | None
    rss_kib: int
    rss_per_call_kib: float
    webhooks: int = 0
    turned_away: int = 0

    @property
    def holds(self) -> bool:
        """Whether a caller would notice nothing."""
        delays = (self.up_p99_ms, self.down_p99_ms)
        in_time = all(delay is not None and delay <= LIMIT_MS for delay in delays)
        return in_time and self.opened == self.calls and not (self.lost or self.reordered)

    def as_dict(self) -> dict[str, Any]:
        """For JSON, with the verdict."""
        return {**asdict(self), "holds": self.holds}


class Pacer:
    """Lets every call speak each 20 ms, the calls spread evenly over that time."""

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._slots: list[list[Call]] = [[] for _ in range(FRAME_MS)]
        self._loop = asyncio.get_running_loop()
        self._next = perf_counter()
        self._slot = 0
        self._handle: asyncio.Handle = self._loop.call_soon(self._tick)

    def add(self, call: Call) -> None:
        """Let it speak from now on."""
        min(self._slots, key=len).append(call)

    def remove(self, call: Call) -> None:
        """It says no more."""
        for slot in self._slots:
            if call in slot:
                slot.remove(call)

    def stop(self) -> None:
        """Silence."""
        self._handle.cancel()

    def _tick(self) -> None:
        now = perf_counter()
        while self._next <= now:
            if self._meter.is_on:
                self._meter.pace.add(int((now - self._next) * 1e9))
            for call in self._slots[self._slot]:
                leg = call.carrier
                if leg is not None and leg.is_open and not leg.is_closed:
                    leg.speak()
            self._slot = (self._slot + 1) % FRAME_MS
            self._next += 0.001
        self._handle = self._loop.call_later(self._next - now, self._tick)


class Load:
    """The Realtime server, and the calls that are placed to candidates."""

    def __init__(self) -> None:
        self.calls: dict[int, Call] = {}
        self.realtime_legs: set[RealtimeLeg] = set()
        self.realtime_port = 0
        self.broken = 0
        self._next_index = 0
        self._hanging_up = False

    async def __aenter__(self) -> Self:
        """Be the Realtime server until the block ends."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: RealtimeLeg(self.calls, self.realtime_legs), "127.0.0.1", 0, backlog=2048
        )
        self.realtime_port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def open_call(
        self, candidate: Candidate, client: aiohttp.ClientSession, meter: Meter
    ) -> Call:
        """Call the candidate, as the carrier does."""
        index = self._next_index = (self._next_index + 1) % 4096
        call = self.calls[index] = Call(index, meter)
        call_sid = f"SIMULATED_CALL_{uuid.uuid4().hex}"
        url = f"ws://127.0.0.1:{candidate.port}/media-stream"
        if candidate.has_webhooks:
            url = await place_call(client, candidate.url, call_sid)
        path = url.split("/", 3)[3]
        request = websocket.upgrade_request(
            f"127.0.0.1:{candidate.port}", f"/{path}", {"X-Twilio-Signature": signature(url, {})}
        )
        leg = CarrierLeg(call, request=request, call_sid=call_sid, lost=self._lost)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: leg, "127.0.0.1", candidate.port)
        await leg.opened
        return call

    def _lost(self) -> None:
        self.broken += not self._hanging_up

    async def run(
        self,
        candidate: Candidate,
        calls: int,
        *,
        seconds: float,
        webhooks_per_second: int = 0,
        drain_seconds: float = DRAIN_SECONDS,
    ) -> Level:
        """Hold so many calls for so long, perhaps while other calls are announced."""
        meter = Meter()
        pacer = Pacer(meter)
        idle_rss_kib = candidate.rss_kib()
        self.broken, self._hanging_up = 0, False
        opened: list[Call] = []
        try:
            await self._open_all(candidate, calls, meter, pacer, opened)
            await asyncio.sleep(SETTLE_SECONDS)
            async with announcing(candidate, webhooks_per_second) as announced:
                used = await _measure(candidate, meter, seconds)
        finally:
            pacer.stop()
            tracks = [track for call in opened for track in (call.up, call.down)]
            await _drain(tracks, drain_seconds)
            broken = self.broken
            await self._close_all(opened)
            await _rest(candidate)
        return Level(
            candidate=candidate.name,
            calls=calls,
            seconds=seconds,
            opened=len(opened),
            up_p50_ms=meter.up.percentile_ms(50),
            up_p99_ms=meter.up.percentile_ms(99),
            down_p50_ms=meter.down.percentile_ms(50),
            down_p99_ms=meter.down.percentile_ms(99),
            barge_in_p99_ms=meter.barge_in.percentile_ms(99),
            barge_ins=meter.barge_in.count,
            frames=sum(track.sent for track in tracks),
            lost=sum(track.lost for track in tracks),
            reordered=sum(track.reordered for track in tracks),
            broken=broken,
            cpu_ms_per_call_minute=used.cpu_s / max(len(opened), 1) / used.wall_s * 60_000,
            cpu_percent=used.cpu_s / used.wall_s * 100,
            generator_percent=used.generator_s / used.wall_s * 100,
            generator_late_p99_ms=meter.pace.percentile_ms(99),
            rss_kib=used.rss_kib,
            rss_per_call_kib=(used.rss_kib - idle_rss_kib) / max(len(opened), 1),
            webhooks=announced.count,
            turned_away=announced.turned_away,
        )

    async def _open_all(
        self, candidate: Candidate, calls: int, meter: Meter, pacer: Pacer, opened: list[Call]
    ) -> None:
        gate = asyncio.Semaphore(OPENING_AT_ONCE)

        async def open_one() -> None:
            async with gate:
                call = await self.open_call(candidate, client, meter)
            opened.append(call)
            pacer.add(call)

        async with aiohttp.ClientSession() as client:
            tasks = [asyncio.create_task(open_one()) for _ in range(calls)]
            _, late = await asyncio.wait(tasks, timeout=OPENING_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def run_turnover(
        self, candidate: Candidate, *, calls: int, at_once: int, call_seconds: float
    ) -> tuple[list[int], list[Track]]:
        """So many calls one after another, so many of them at once.

        The memory in use each time that `at_once` calls have ended, in KiB, and all tracks.
        """
        tracks: list[Track] = []
        memory: list[int] = []
        meter, gate = Meter(), asyncio.Semaphore(at_once)
        pacer = Pacer(meter)
        self._hanging_up = True  # they end all the time

        async def one_call(index: int) -> None:
            async with gate:
                if index < at_once:  # not all at the same moment
                    await asyncio.sleep(index * call_seconds / at_once)
                call = await self.open_call(candidate, client, meter)
                pacer.add(call)
                await asyncio.sleep(call_seconds)
                pacer.remove(call)
                await _drain([call.up, call.down], DRAIN_SECONDS)
                if call.carrier is not None:
                    call.carrier.hang_up()
            tracks.extend((call.up, call.down))
            if len(tracks) % (2 * at_once) == 0:
                memory.append(candidate.rss_kib())

        try:
            async with aiohttp.ClientSession() as client, asyncio.TaskGroup() as group:
                for index in range(calls):
                    group.create_task(one_call(index))
        finally:
            pacer.stop()
        return memory, tracks

    async def _close_all(self, opened: list[Call]) -> None:
        self._hanging_up = True
        for call in opened:
            if call.carrier is not None:
                call.carrier.hang_up()
        for _ in range(CLOSING_SECONDS * 20):
            await asyncio.sleep(0.05)
            if not self.realtime_legs and all(c.carrier and c.carrier.is_closed for c in opened):
                break
        for leg in list(self.realtime_legs):
            leg.transport.abort()
        self.calls.clear()


async def _drain(tracks: Sequence[Track], seconds: float) -> None:
    """Wait for the frames on their way."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while any(track.lost for track in tracks) and loop.time() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.02)


async def _rest(candidate: Candidate) -> None:
    """Wait until what comes after the calls is done: it is not to weigh on the next level."""
    for _ in range(REST_TRIES):
        before = candidate.cpu_seconds()
        await asyncio.sleep(REST_SECONDS)
        if candidate.cpu_seconds() - before < REST_SECONDS * 0.1:
            return


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What was used while a level was measured."""

    wall_s: float
    cpu_s: float
    generator_s: float
    rss_kib: int


async def _measure(candidate: Candidate, meter: Meter, seconds: float) -> Used:
    loop = asyncio.get_running_loop()
    began, cpu, own = loop.time(), candidate.cpu_seconds(), _own_cpu_seconds()
    meter.is_on = True
    await asyncio.sleep(seconds)
    meter.is_on = False
    return Used(
        wall_s=loop.time() - began,
        cpu_s=candidate.cpu_seconds() - cpu,
        generator_s=_own_cpu_seconds() - own,
        rss_kib=candidate.rss_kib(),
    )


def _own_cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
