"""How the stand-in behaves where nobody knows how the real service does. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """Each of these is a guess, and is to be varied."""

    latency_ms: float = 400  # from the end of a turn, or a request, to the first sound
    transcription_ms: float = 600
    slips: int = 2  # pieces of audio that still come after the caller has begun to speak
    in_one_burst: bool = False
    sends_unknown_events: bool = False
    sends_twice: bool = False
    answers_close: bool = True
    seed: int = 1
