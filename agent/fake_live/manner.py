"""How the stand-in behaves where nobody knows how the real service does. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveManner:
    """Each of these is a guess, and is to be varied. Times are those of the caller's audio."""

    latency_ms: int = 400  # from the end of a turn, or a comment, to the first sound
    caller_words_late_ms: int = 100  # from the end of a word to the word
    agent_words_late_ms: int = 0  # from a word's sound to the word
    piece_ms: int = 100  # of audio in one event
    sends_silence: bool = True
    noise: bool = False  # in the silence, as a codec may leave it
    answers_close: bool = True
    sends_unknown_events: bool = False
