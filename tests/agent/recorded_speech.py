"""Real human speech of Debian's asterisk-core-sounds-en-wav, levelled and set in a noisy line."""

import math
import random
from array import array
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from agent.speech import mulaw, wav

FOLDER = Path("/usr/share/asterisk/sounds/en_US_f_Allison")
SPEECH_DBFS = -24.0
LINE_NOISE_DBFS = -62.0

needs_recordings = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="needs asterisk-core-sounds-en-wav (Debian package)"
)

# Whole sentences by one speaker, none with a pause of 700 ms inside.
NAMES = (
    "agent-incorrect",
    "agent-loggedoff",
    "agent-loginok",
    "agent-newlocation",
    "agent-pass",
    "agent-user",
    "all-circuits-busy-now",
    "auth-incorrect",
    "auth-thankyou",
    "call-forwarding",
    "cannot-complete-as-dialed",
    "check-number-dial-again",
    "conf-enteringno",
    "conf-getchannel",
    "conf-getconfno",
    "conf-getpin",
    "conf-invalid",
    "conf-invalidpin",
    "conf-kicked",
    "conf-locked",
    "conf-noempty",
    "conf-onlyperson",
    "conf-unlockednow",
    "dir-nomatch",
    "dir-nomore",
    "hello",
    "invalid",
    "pbx-invalid",
    "pbx-transfer",
    "please-try-call-later",
    "priv-callpending",
    "privacy-incorrect",
    "ss-noservice",
    "transfer",
    "tt-monkeysintro",
    "tt-weasels",
    "vm-goodbye",
    "vm-incorrect",
    "vm-intro",
    "vm-invalidpassword",
    "vm-msgsaved",
    "vm-rec-name",
    "vm-reenterpassword",
    "vm-sorry",
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """What a caller's line carries, and when somebody really speaks on it."""

    audio: bytes
    spoken_ms: list[tuple[int, int]]


def speech(name: str) -> "array[int]":
    return _levelled(wav.read_samples(FOLDER / f"{name}.wav"), SPEECH_DBFS)


@cache
def line(
    names: tuple[str, ...], *, noise_dbfs: float = LINE_NOISE_DBFS, colour: str = "white"
) -> Line:
    """The recordings one after the other with pauses of 1.4 to 2.6 s, in steady noise."""
    dice = random.Random(1)
    samples, spoken_ms = array("h", bytes(2 * 8000)), []
    for name in names:
        recording = speech(name)
        offset_ms = len(samples) // mulaw.BYTES_PER_MS
        start_ms, end_ms = _extent_ms(recording)
        spoken_ms.append((offset_ms + start_ms, offset_ms + end_ms))
        samples += recording + array("h", bytes(2 * 8 * dice.randint(1400, 2600)))
    noise = _levelled(_noise(colour, dice), noise_dbfs)
    repeats = len(samples) // len(noise) + 1
    mixed = [
        max(-32768, min(32767, sample + hiss))
        for sample, hiss in zip(samples, noise * repeats, strict=False)
    ]
    return Line(audio=mulaw.encode(array("h", mixed)), spoken_ms=spoken_ms)


def frames(audio: bytes) -> list[bytes]:
    whole = len(audio) - len(audio) % mulaw.FRAME_BYTES
    return [audio[at : at + mulaw.FRAME_BYTES] for at in range(0, whole, mulaw.FRAME_BYTES)]


def _noise(colour: str, dice: random.Random) -> "array[int]":
    """Ten seconds of white or pink noise (Paul Kellet's filter)."""
    low = middle = high = 0.0
    samples = array("h")
    for _ in range(80_000):
        white = dice.gauss(0, 3000)
        low = 0.99765 * low + white * 0.0990460
        middle = 0.96300 * middle + white * 0.2965164
        high = 0.57000 * high + white * 1.0526913
        pink = (low + middle + high + white * 0.1848) / 2
        value = white if colour == "white" else pink
        samples.append(max(-32768, min(32767, round(value))))
    return samples


def _levelled(samples: "array[int]", dbfs: float) -> "array[int]":
    rms = math.sqrt(sum(sample * sample for sample in samples) / len(samples))
    gain = 32768 * 10 ** (dbfs / 20) / rms
    return array("h", [max(-32768, min(32767, round(sample * gain))) for sample in samples])


def _extent_ms(samples: "array[int]") -> tuple[int, int]:
    """Where the recording is within 28 dB of its 95th percentile: the true ends of the speech."""
    starts = range(0, len(samples) - mulaw.FRAME_BYTES + 1, mulaw.FRAME_BYTES)
    energy = [sum(value * value for value in samples[at : at + 160]) for at in starts]
    least = sorted(energy)[int(len(energy) * 0.95)] / 10**2.8
    voiced = [position for position, value in enumerate(energy) if value > least]
    return voiced[0] * mulaw.FRAME_MS, (voiced[-1] + 1) * mulaw.FRAME_MS
