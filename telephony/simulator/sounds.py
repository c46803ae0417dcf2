"""What the carrier itself plays: sentences and tones, raw 8 kHz mu-law."""

import math
from array import array
from functools import cache

from agent.speech import mulaw, prompts

MS_PER_CHARACTER = 60
KEY_TONE_MS = 100
KEY_PAUSES_MS = {"w": 500, "W": 1000}
_KEY_ROWS_HZ = (697, 770, 852, 941)
_KEY_COLUMNS_HZ = (1209, 1336, 1477)
_KEYS = "123456789*0#"
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


def key_tones(digits: str) -> bytes:
    """The sound of pressed keys, each followed by a short rest; `w` and `W` are pauses."""
    rest = bytes([mulaw.SILENCE]) * (KEY_TONE_MS * mulaw.BYTES_PER_MS)
    return b"".join(
        bytes([mulaw.SILENCE]) * (KEY_PAUSES_MS[digit] * mulaw.BYTES_PER_MS)
        if digit in KEY_PAUSES_MS
        else _key_tone(digit) + rest
        for digit in digits
    )


@cache
def _key_tone(key: str) -> bytes:
    """The two frequencies of a key (ITU-T Q.23), each at -15 dBov."""
    row, column = divmod(_KEYS.index(key), 3)
    pair = (_KEY_ROWS_HZ[row], _KEY_COLUMNS_HZ[column])
    samples = array("h")
    for n in range(KEY_TONE_MS * mulaw.BYTES_PER_MS):
        angle = math.tau * n / mulaw.SAMPLE_RATE_HZ
        samples.append(round(8000 * sum(math.sin(angle * hertz) for hertz in pair)))
    return mulaw.encode(samples)


@cache
def _tone_cycle() -> bytes:
    """One cycle of 400 Hz at -29 dBov."""
    return mulaw.encode(array("h", [round(1600 * math.sin(math.tau * n / 20)) for n in range(20)]))
