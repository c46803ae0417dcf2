"""From levels to the table that people read, and to the ratios that are promised. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

OURS = "aloha_uvicorn"
TITLES = {
    "aloha_uvicorn": "Aloha on uvicorn",
    "aloha_daphne": "Aloha on Daphne",
    "plain_uvicorn": "Plain Channels consumer on uvicorn",
    "plain_daphne": "Plain Channels consumer on Daphne",
    "fastapi": "FastAPI, uvicorn, websockets",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What one candidate showed in one repetition; None where nothing was measured."""

    candidate: str
    calls_per_core: int
    cpu_ms_per_call_minute: float
    rss_per_call_kib: float
    half_calls: int
    up_p99_ms: float | None
    down_p99_ms: float | None
    barge_in_p99_ms: float | None
    lost: int
    reordered: int


def median_figures(repetitions: Sequence[Figures]) -> Figures:
    """The middle of several repetitions, each figure by itself; losses add up."""

    def middle(values: Sequence[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return median(known) if known else None

    first = repetitions[0]
    return Figures(
        candidate=first.candidate,
        calls_per_core=int(median(each.calls_per_core for each in repetitions)),
        cpu_ms_per_call_minute=median(each.cpu_ms_per_call_minute for each in repetitions),
        rss_per_call_kib=first.rss_per_call_kib,  # later ones find memory already taken
        half_calls=first.half_calls,
        up_p99_ms=middle([each.up_p99_ms for each in repetitions]),
        down_p99_ms=middle([each.down_p99_ms for each in repetitions]),
        barge_in_p99_ms=middle([each.barge_in_p99_ms for each in repetitions]),
        lost=sum(each.lost for each in repetitions),
        reordered=sum(each.reordered for each in repetitions),
    )


def ratios(found: Mapping[str, Figures]) -> dict[str, float]:
    """Ours beside each of the others: more calls is better, less processor time is better."""
    ours = found.get(OURS)
    if ours is None:
        return {}
    result: dict[str, float] = {}
    for name, other in found.items():
        if name == OURS:
            continue
        if other.calls_per_core:
            result[f"calls_per_core_to_{name}"] = ours.calls_per_core / other.calls_per_core
        if other.cpu_ms_per_call_minute:
            part = ours.cpu_ms_per_call_minute / other.cpu_ms_per_call_minute
            result[f"cpu_to_{name}"] = part
    return {name: round(value, 2) for name, value in result.items()}


def table(found: Mapping[str, Figures]) -> str:
    """All figures as Markdown."""
    head = (
        "| bridge | calls per core | CPU-ms per call-minute | p99 up / down ms | barge-in p99 ms "
        "| RSS per call KiB | lost, reordered |"
    )
    lines = [head, "|---|---|---|---|---|---|---|"]
    for name, each in found.items():
        lines.append(
            f"| {TITLES[name]} | {each.calls_per_core} | {each.cpu_ms_per_call_minute:.0f} "
            f"| {_ms(each.up_p99_ms)} / {_ms(each.down_p99_ms)} | {_ms(each.barge_in_p99_ms)} "
            f"| {each.rss_per_call_kib:.0f} | {each.lost}, {each.reordered} |"
        )
    return "\n".join(lines)


def ratio_lines(found: Mapping[str, Figures]) -> str:
    """The ratios as a Markdown list."""
    lines = []
    for name, value in ratios(found).items():
        kind, _, other = name.partition("_to_")
        what = "calls per core" if kind == "calls_per_core" else "CPU per call-minute"
        lines.append(f"- {what}: {value:.2f} x that of {TITLES[other]}")
    return "\n".join(lines)


def side_by_side(cpu_ms_per_call_minute: Mapping[str, Sequence[float]]) -> str:
    """The processor time of candidates that took turns, the first beside each of the others."""
    middles = {name: median(each) for name, each in cpu_ms_per_call_minute.items()}
    first = next(iter(middles.values()))
    return "\n".join(
        f"- {name}: {middle / 60:.2f} CPU-ms per call-second, the first takes "
        f"{first / middle:.2f} of it"
        for name, middle in middles.items()
    )


def as_json(found: Mapping[str, Figures]) -> dict[str, Any]:
    """Figures and ratios for the file."""
    return {
        "figures": {name: asdict(each) for name, each in found.items()},
        "ratios": ratios(found),
    }


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
