"""What one media stream was like, in figures for support and metrics. Pure."""

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class StreamFacts:
    """Times are milliseconds: the first audio since the handshake, the rest for one barge-in.

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

    def barged_in(self, took_s: float) -> None:
        """Count one barge-in."""
        self.barge_ins += 1
        self.slowest_barge_in_ms = max(self.slowest_barge_in_ms, round(took_s * 1_000, 2))

    def as_json(self) -> dict[str, int | float | None]:
        """The figures by name."""
        return asdict(self)
