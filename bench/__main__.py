"""`python -m bench`: measures all candidates side by side; `./dev bench` runs it."""

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import uvloop

from bench.candidate import CANDIDATES, take_core
from bench.figures import (
    OURS,
    Figures,
    as_json,
    median_figures,
    ratio_lines,
    side_by_side,
    table,
)
from bench.level import Level, Load
from bench.processes import ROOT, Candidate, running
from bench.search import Search

WARM_UP_CALLS = 16
"""More than are opened at once: threads and connections belong to the process, not to a call."""
WARM_UP_SECONDS = 0.5
WEBHOOKS_PER_SECOND = 40
WEBHOOKS_REST_SECONDS = 6
"""After one that was late they rest from the database for 5 s, and would spoil the next level."""
COMPARED_CALLS = 80
"""The processor time of all candidates is compared at this level."""
PACKAGES = ("channels", "daphne", "uvicorn", "uvloop", "websockets", "aiohttp", "msgspec")
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
DEFAULT = ["aloha_uvicorn", "fastapi", "plain_uvicorn", "aloha_daphne"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """How long and how finely is measured."""

    seconds: float
    half_seconds: float
    precision: float
    most_levels: int
    repetitions: int


SHORT = Mode(seconds=2.5, half_seconds=3, precision=1.15, most_levels=2, repetitions=1)
FULL = Mode(seconds=8, half_seconds=20, precision=1.06, most_levels=7, repetitions=2)


class Bench:
    """One run over all candidates."""

    def __init__(self, load: Load, mode: Mode) -> None:
        self.levels: list[dict[str, Any]] = []
        self.beside_webhooks: Level | None = None
        self._load = load
        self._mode = mode

    async def measure(self, candidate: Candidate) -> Figures:
        """Warm up, compare, find the limit, and look closely at half of it."""
        await self._level(candidate, WARM_UP_CALLS, WARM_UP_SECONDS)
        compared = await self._level(candidate, COMPARED_CALLS, self._mode.seconds)
        search = Search(
            _guess(compared), precision=self._mode.precision, most_levels=self._mode.most_levels
        )
        while (calls := search.next_level()) is not None:
            level = await self._level(candidate, calls, self._mode.seconds)
            search.took(calls, holds=level.holds)
        if candidate.name == OURS:
            self.beside_webhooks = await self._level(
                candidate, COMPARED_CALLS, self._mode.seconds, WEBHOOKS_PER_SECOND
            )
        half = await self._level(candidate, max(search.holds // 2, 1), self._mode.half_seconds)
        return Figures(
            candidate=candidate.name,
            calls_per_core=search.holds,
            cpu_ms_per_call_minute=compared.cpu_ms_per_call_minute,
            rss_per_call_kib=compared.rss_per_call_kib,
            half_calls=half.calls,
            up_p99_ms=half.up_p99_ms,
            down_p99_ms=half.down_p99_ms,
            barge_in_p99_ms=half.barge_in_p99_ms,
            lost=half.lost,
            reordered=half.reordered,
        )

    async def compare(self, candidates: list[Candidate], calls: int, rounds: int) -> None:
        """Measure all at this one level, taking turns, and say what each needs beside the first."""
        for candidate in candidates:
            await self._level(candidate, WARM_UP_CALLS, WARM_UP_SECONDS)
        taken: dict[str, list[Level]] = {candidate.name: [] for candidate in candidates}
        for _ in range(rounds):
            for candidate in candidates:
                taken[candidate.name].append(await self._level(candidate, calls, FULL.seconds))
        cpu = {name: [each.cpu_ms_per_call_minute for each in ran] for name, ran in taken.items()}
        _say(side_by_side(cpu))
        for name, ran in taken.items():  # later rounds find memory already taken
            _say(f"- {name}: {ran[0].rss_per_call_kib:.0f} KiB of memory per call")

    async def _level(
        self, candidate: Candidate, calls: int, seconds: float, webhooks: int = 0
    ) -> Level:
        level = await self._load.run(
            candidate, calls, seconds=seconds, webhooks_per_second=webhooks
        )
        self.levels.append(level.as_dict())
        if candidate.has_webhooks and not level.holds:
            await asyncio.sleep(WEBHOOKS_REST_SECONDS)
        verdict = "holds" if level.holds else "does not hold"
        _say(
            f"  {candidate.name:14} {calls:4} calls: {verdict}, p99 {level.up_p99_ms} up, "
            f"{level.down_p99_ms} down, barge-in {level.barge_in_p99_ms} ms, core "
            f"{level.cpu_percent:.0f} %, {level.cpu_ms_per_call_minute:.0f} CPU-ms per call-minute"
            f" (generator {level.generator_percent:.0f} %, late {level.generator_late_p99_ms} ms)"
        )
        return level


def _guess(compared: Level) -> int:
    """Where the core will be full, from what one level took of it."""
    return int(compared.calls * 90 / max(compared.cpu_percent, 1))


async def run(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Measure; the report, empty after a comparison at one level."""
    mode = FULL if options.full or options.once else SHORT
    repetitions = 1 if options.once else mode.repetitions
    generator_core, core = _cores()
    priority = take_core(generator_core, priority=not options.no_priority)
    measured: dict[str, list[Figures]] = {name: [] for name in options.candidates}
    began = time.monotonic()
    async with Load() as load:
        bench = Bench(load, mode)
        with running(
            options.candidates,
            folder,
            realtime_port=load.realtime_port,
            database_url=os.environ.get("DATABASE_URL", ""),
            core=core,
            priority=priority,
        ) as candidates:
            if options.calls:
                await bench.compare(candidates, options.calls, options.rounds)
                return {}
            for _ in range(repetitions):
                for candidate in candidates:
                    measured[candidate.name].append(await bench.measure(candidate))
    found = {name: median_figures(each) for name, each in measured.items()}
    return {
        "measured": time.strftime("%Y-%m-%d %H:%M"),
        "mode": "short" if mode is SHORT else "full" if repetitions > 1 else "full, once",
        "seconds": round(time.monotonic() - began),
        "machine": {
            "cores": os.cpu_count(),
            "processor": platform.machine(),
            "python": platform.python_version(),
            "load_average": os.getloadavg(),
            "real_time_priority": priority,
            "database": "PostgreSQL" if os.environ.get("DATABASE_URL") else "SQLite",
            "packages": {name: version(name) for name in PACKAGES},
        },
        **as_json(found),
        "levels": bench.levels,
        "table": "\n".join([table(found), "", ratio_lines(found), *_beside(bench)]),
    }


def _beside(bench: Bench) -> list[str]:
    level = bench.beside_webhooks
    if level is None:
        return []
    return [
        f"- {level.calls} calls beside {level.webhooks / level.seconds:.0f} webhooks/s: "
        f"p99 {level.up_p99_ms} ms up, {level.down_p99_ms} ms down"
        + (f"; {level.turned_away} answered by a stand-in" if level.turned_away else "")
    ]


def _cores() -> tuple[int, int]:
    """One core for the generator, another for the candidates. Ends the program without two."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("Two processor cores are needed: one for the bridges, one for the generator.")
    return cores[0], cores[1]


def write(report: dict[str, Any], name: str) -> None:
    """Keep the report as JSON, and its table in docs/performance.md."""
    text = report.pop("table")
    _say(f"\n{text}\n")
    path = ROOT / "docs" / "bench" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n")
    page = ROOT / "docs" / "performance.md"
    machine = report["machine"]
    intro = (
        f"Measured {report['measured']}, {report['mode']} mode ({report['seconds']} s), "
        f"{machine['cores']} cores, Python {machine['python']}, {machine['database']}, "
        f"real-time priority {'on' if machine['real_time_priority'] else 'off'}, "
        f"load average {machine['load_average'][0]:.1f}."
    )
    if page.exists() and BEGIN in page.read_text():
        before, _, rest = page.read_text().partition(BEGIN)
        after = rest.partition(END)[2]
        page.write_text(f"{before}{BEGIN}\n{intro}\n\n{text}\n{END}{after}")
    _say(f"Written: {path.relative_to(ROOT)}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("--full", action="store_true", help="longer, finer, twice")
    parser.add_argument("--once", action="store_true", help="as --full, but once")
    parser.add_argument("--no-priority", action="store_true", help="no real-time priority")
    parser.add_argument("--calls", type=int, help="compare at this one level; writes nothing")
    parser.add_argument("--rounds", type=int, default=2, help="of such a comparison")
    parser.add_argument("--name", default="latest", help="of the file in docs/bench")
    parser.add_argument("candidates", nargs="*", default=DEFAULT, metavar="BRIDGE")
    options = parser.parse_args()
    unknown = set(options.candidates) - CANDIDATES.keys()
    if unknown:
        parser.error(f"no such bridge: {', '.join(sorted(unknown))}; there are {[*CANDIDATES]}")
    with tempfile.TemporaryDirectory(prefix="aloha-bench-") as folder:
        report = uvloop.run(run(options, Path(folder)))
    if report:
        write(report, options.name)


if __name__ == "__main__":
    main()
