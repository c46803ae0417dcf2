"""What one media stream was like, for support, metrics and the stream that follows it. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self


@dataclass(slots=True)
class StreamFacts:
    """Times are milliseconds: the first audio since the handshake, the rest for one barge-in.

    `handed_over_at_ms` counts what the recording holds of all streams so far. `agent_failure` is
    the code of what the agent failed with, blank when it did not. `has_introduced_itself` tells
    whether the caller has heard an agent say something: if so, the next one does not greet her.

    A barge-in lasts from the agent's notice that the caller speaks to the `clear` on its way.
    """

    first_audio_ms: int | None = None
    barge_ins: int = 0
    slowest_barge_in_ms: float = 0.0
    fillers: int = 0
    times_asked: int = 0
    bad_frames: int = 0
    ignored_frames: int = 0
    caller_frames_lost: int = 0
    lines_lost: int = 0
    handed_over_at_ms: int = 0
    agent_failure: str = ""
    has_introduced_itself: bool = False

    @classmethod
    def going_on(cls, kept: Mapping[str, int | float | str | None]) -> Self:
        """The figures of a call's next stream: they go on where those of the last one ended."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in kept.items() if name in known})  # type: ignore[arg-type]  # our own figures

    def barged_in(self, took_s: float) -> None:
        """Count one barge-in."""
        self.barge_ins += 1
        self.slowest_barge_in_ms = max(self.slowest_barge_in_ms, round(took_s * 1_000, 2))

    def as_json(self) -> dict[str, int | float | str | None]:
        """The figures by name."""
        return asdict(self)
