"""P3 and P4's audio part, for as long as they promise: `./dev soak P3`, `./dev soak P4`."""

import contextlib
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest
import uvloop
from django.db import connection

from bench.candidate import take_core
from bench.level import Load
from bench.processes import ROOT, Candidate, running

HALF_SECONDS = 600
TURNOVER_CALLS, TURNOVER_SECONDS = 2_000, 1_800
FLAT = 0.05
WARM_UP_SHARE = 4
"""The first quarter of a soak fills caches and pools."""

pytestmark = pytest.mark.soak


@dataclass(frozen=True)
class Core:
    number: int
    priority: bool


@pytest.fixture
def own_core():
    """The bridge's core; the generator takes another for the test, both as the bench does."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        pytest.skip("needs two processor cores")
    yield Core(cores[1], take_core(cores[0], priority=True))
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    os.sched_setaffinity(0, set(cores))


def half_capacity() -> int:
    """Half of what the last bench found."""
    report = json.loads((ROOT / "docs" / "bench" / "latest.json").read_text())
    return report["figures"]["aloha_uvicorn"]["calls_per_core"] // 2


def with_ours(tmp_path, core: Core, work: Callable[[Load, Candidate], Awaitable[object]]) -> object:
    async def measure() -> object:
        async with Load() as load:
            with contextlib.ExitStack() as stack:
                [ours] = stack.enter_context(
                    running(
                        ["aloha_uvicorn"],
                        tmp_path,
                        realtime_port=load.realtime_port,
                        database_url=os.environ.get("DATABASE_URL", ""),
                        core=core.number,
                        priority=core.priority,
                    )
                )
                return await work(load, ours)

    return uvloop.run(measure())


@pytest.mark.P3
def test_half_of_what_a_core_carries_loses_no_frame_for_ten_minutes(
    tmp_path, own_core, record_property
):
    level = with_ours(
        tmp_path,
        own_core,
        lambda load, ours: load.run(ours, half_capacity(), seconds=HALF_SECONDS, drain_seconds=10),
    )
    record_property(
        "figures",
        f"{level.opened} calls for {HALF_SECONDS} s: {level.frames} frames, {level.lost} lost, "
        f"{level.reordered} reordered, p99 {level.up_p99_ms} ms up, {level.down_p99_ms} ms down.",
    )
    assert level.opened == half_capacity()
    assert (level.lost, level.reordered, level.broken) == (0, 0, 0)


@pytest.mark.P3
def test_memory_stays_flat_over_two_thousand_calls(tmp_path, own_core, record_property):
    at_once = half_capacity()
    call_seconds = TURNOVER_SECONDS * at_once / TURNOVER_CALLS
    memory, tracks = with_ours(
        tmp_path,
        own_core,
        lambda load, ours: load.run_turnover(
            ours, calls=TURNOVER_CALLS, at_once=at_once, call_seconds=call_seconds
        ),
    )
    steady = memory[len(memory) // WARM_UP_SHARE :]
    lost, reordered = sum(t.lost for t in tracks), sum(t.reordered for t in tracks)
    record_property(
        "figures",
        f"{len(tracks) // 2} calls, {at_once} at once: {lost} frames lost, {reordered} reordered; "
        f"memory {min(steady) // 1024} to {max(steady) // 1024} MiB after the first quarter.",
    )
    assert len(tracks) == 2 * TURNOVER_CALLS
    assert (lost, reordered) == (0, 0)
    middle = (max(steady) + min(steady)) / 2
    assert max(steady) <= middle * (1 + FLAT)


@pytest.mark.P4
def test_eighty_calls_stay_in_time_beside_forty_webhooks_a_second(
    tmp_path, own_core, record_property
):
    level = with_ours(
        tmp_path,
        own_core,
        lambda load, ours: load.run(ours, 80, seconds=60, webhooks_per_second=40),
    )
    record_property(
        "figures",
        f"{connection.vendor}: 80 calls beside {level.webhooks / level.seconds:.0f} webhooks/s: "
        f"p99 {level.up_p99_ms} ms up, {level.down_p99_ms} ms down.",
    )
    assert level.turned_away == 0
    if connection.vendor == "postgresql":  # SQLite's queries run on the audio's own core
        assert max(level.up_p99_ms, level.down_p99_ms) <= 3
