"""When somebody speaks, from the energy of telephone audio: `server_vad` and `semantic_vad`. Pure.

Works in the time of the audio, not of any clock. Semantic detection needs a mind; here it is a
longer silence.
"""

import math
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from agent.speech.mulaw import FRAME_BYTES, FRAME_MS, SILENCE, VALUES

START_FRAMES = 3
"""60 ms of voice in a row begin a turn: a click does not."""
SEMANTIC_SILENCE_MS = {"low": 2000, "medium": 1000, "auto": 1000, "high": 500}
QUIETEST_DBFS = -100.0
_SILENCE = bytes([SILENCE]) * FRAME_BYTES
_SQUARES = tuple((value / 32768) ** 2 for value in VALUES)


@dataclass(frozen=True, slots=True)
class Started:
    """Somebody began to speak."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """Somebody fell silent."""

    at_ms: int


class VoiceActivity:
    """Finds turns in one session's audio."""

    def __init__(self) -> None:
        self.audio_ms = 0
        self.is_speaking = False
        self._rest = b""
        self._voiced = 0
        self._silent_ms = 0

    def feed(
        self, audio: bytes, *, form: str, detection: dict[str, Any]
    ) -> Iterator[Started | Stopped]:
        """Take audio of any length in this format."""
        frame_bytes = FRAME_MS * bytes_per_ms(form)
        audio = self._rest + audio
        whole = len(audio) - len(audio) % frame_bytes
        self._rest = audio[whole:]
        for at in range(0, whole, frame_bytes):
            self.audio_ms += FRAME_MS
            level_dbfs = _level(audio[at : at + frame_bytes], form)
            found = self._next(level_dbfs > _threshold(detection), detection)
            if found is not None:
                yield found

    def _next(self, is_voice: bool, detection: dict[str, Any]) -> Started | Stopped | None:
        self._voiced = self._voiced + 1 if is_voice else 0
        self._silent_ms = 0 if is_voice else self._silent_ms + FRAME_MS
        if not self.is_speaking and self._voiced >= START_FRAMES:
            self.is_speaking = True
            padding_ms = int(detection.get("prefix_padding_ms") or 300)
            return Started(max(0, self.audio_ms - START_FRAMES * FRAME_MS - padding_ms))
        if self.is_speaking and self._silent_ms >= _silence_ms(detection):
            self.is_speaking = False
            return Stopped(self.audio_ms)
        return None


def bytes_per_ms(form: str) -> int:
    """How much audio a millisecond has in a format of the API."""
    return 48 if form == "audio/pcm" else 8


def _threshold(detection: dict[str, Any]) -> float:
    """The API's 0 to 1 on a scale of loudness: 0.5 is -45 dBFS."""
    threshold = detection.get("threshold")
    return -65 + 40 * (0.5 if threshold is None else float(threshold))


def _silence_ms(detection: dict[str, Any]) -> int:
    if detection["type"] == "semantic_vad":
        return SEMANTIC_SILENCE_MS[detection.get("eagerness") or "auto"]
    return int(detection.get("silence_duration_ms") or 500)


def _level(frame: bytes, form: str) -> float:
    if form == "audio/pcm":
        samples = array("h", frame)
        power = sum((value / 32768) ** 2 for value in samples) / len(samples)
    else:
        if frame == _SILENCE:
            return QUIETEST_DBFS
        power = sum(itemgetter(*frame)(_SQUARES)) / len(frame)
    return 10 * math.log10(power) if power > 0 else QUIETEST_DBFS
