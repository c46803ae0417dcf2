"""What the carrier itself plays: sentences and tones, raw 8 kHz mu-law."""

import math
from array import array
from functools import cache

from agent.speech import mulaw, prompts

MS_PER_CHARACTER = 60
APPLICATION_ERROR = "An application error has occurred."


def is_recorded(text: str) -> bool:
    """Whether the sentence is checked in; all others sound as a soft tone."""
    return prompts.named(text) is not None


def spoken(text: str) -> bytes:
    """A sentence as the caller hears it: its recording, or a soft tone as long as the words."""
    name = prompts.named(text)
    if name is not None:
        return prompts.load(name)
    return _tone_cycle() * (len(text) * MS_PER_CHARACTER * mulaw.BYTES_PER_MS // len(_tone_cycle()))


def beep() -> bytes:
    """The tone after which a recording starts."""
    return prompts.load("beep")


def silence(seconds: int) -> bytes:
    """Nothing, for so long."""
    return bytes([mulaw.SILENCE]) * (seconds * mulaw.SAMPLE_RATE_HZ)


@cache
def _tone_cycle() -> bytes:
    """One cycle of 400 Hz at -29 dBov."""
    return mulaw.encode(array("h", [round(1600 * math.sin(math.tau * n / 20)) for n in range(20)]))
