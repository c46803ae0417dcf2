"""Whether somebody speaks on the line, from a frame every tenth of a second. Pure.

A coarse second opinion beside the agent's own, for the agent that has stopped listening: it costs
a twentieth of what it takes to look at every frame, and nothing hangs on a single frame.
"""

from array import array
from operator import itemgetter

from agent.speech.mulaw import VALUES

_SQUARES = tuple((value / 32768) ** 2 for value in VALUES)
EVERY_SAMPLE = 4
"""One of so many samples: of speech that tells the power within 1 dB, in 19 frames of 20."""

FLOOR_SAMPLES = 50  # 5 s
FLOOR_LASTS_SAMPLES = 10  # then it is looked for again; sooner while little was heard
ABOVE_FLOOR = 6.0
"""In power, about 8 dB."""
QUIETEST_VOICE = 1e-5  # -50 dBFS
LOUDEST_FLOOR = 1e-4  # -40 dBFS: a caller who speaks from the first frame on raises it no further
VOICED_SAMPLES, LATEST_FOUR = 2, 0b1111  # a click alone is no voice


class VoiceWatch:
    """Listens to one caller."""

    def __init__(self) -> None:
        self._powers = array("f")
        self._voiced = 0  # a bit for each of the latest frames, the last one lowest
        self._floor = 0.0
        self._until_floor = 0

    def hears_voice(self, audio: bytes) -> bool:
        """Take a frame of mu-law; whether it and those just before it are somebody's voice."""
        power = _power(audio)
        self._powers.append(power)
        if len(self._powers) > FLOOR_SAMPLES:
            del self._powers[0]
        self._until_floor -= 1
        if self._until_floor < 0:
            self._floor = min(sorted(self._powers)[len(self._powers) // 10], LOUDEST_FLOOR)
            self._until_floor = min(len(self._powers), FLOOR_LASTS_SAMPLES)
        is_voiced = power > max(self._floor * ABOVE_FLOOR, QUIETEST_VOICE)
        self._voiced = (self._voiced << 1 | is_voiced) & LATEST_FOUR
        return is_voiced and self._voiced.bit_count() >= VOICED_SAMPLES


def _power(audio: bytes) -> float:
    """The mean square of a frame."""
    audio = audio[::EVERY_SAMPLE]
    if len(audio) < 2:  # itemgetter of one key gives no tuple
        return 0.0
    return float(sum(itemgetter(*audio)(_SQUARES))) / len(audio)
