"""Recording the caller alone: until silence, a key, the longest time, or the end of the call."""

import uuid
from dataclasses import dataclass

from agent.speech import mulaw
from telephony.simulator import sounds
from telephony.simulator.callers import Listener
from telephony.simulator.keypad import Keypad
from telephony.simulator.line import HungUp, Line
from telephony.simulator.loudness import FRAME_BYTES, FRAME_MS, SILENCE, is_loud
from telephony.simulator.verbs import Record


def new_recording_sid() -> str:
    """An id that nobody takes for a real recording's; also the name of the file."""
    return f"SIMULATED_RECORDING_{uuid.uuid4().hex}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerAudio:
    """What was recorded: raw 8 kHz mu-law.

    `key` ended the recording, if one did; `ended` when the call is over as well.
    """

    audio: bytes
    has_speech: bool
    key: str = ""
    ended: HungUp | None = None

    @property
    def duration_ms(self) -> int:
        """Length of the audio."""
        return len(self.audio) // mulaw.BYTES_PER_MS

    @property
    def duration_s(self) -> int:
        """The length as the carrier tells it: whole seconds, at least one."""
        return max(1, round(self.duration_ms / 1000))


async def record(line: Line, verb: Record, *, keypad: Keypad) -> CallerAudio:
    """Beep and record what the caller says."""
    audio = bytearray()
    has_speech, quiet_ms, key = False, 0, ""
    ended = None
    try:
        if verb.play_beep:
            await line.play(sounds.beep())
        keypad.forget()
        while quiet_ms < verb.timeout_s * 1000 and len(audio) < _longest_bytes(verb):
            await line.next_tick()
            said = line.exchange(SILENCE, listener=Listener.RECORDER)
            audio += said
            quiet_ms = 0 if is_loud(said) else quiet_ms + FRAME_MS
            has_speech |= quiet_ms == 0
            key = _finishing_key(keypad, verb)
            if key:
                break
    except HungUp as hung_up:
        ended = hung_up
    kept = _without_silence(bytes(audio)) if verb.trims_silence else bytes(audio)
    return CallerAudio(audio=kept, has_speech=has_speech, key=key, ended=ended)


def _finishing_key(keypad: Keypad, verb: Record) -> str:
    """The first key pressed that ends the recording; other keys are only noise."""
    while key := keypad.take():
        if key in verb.finish_on_key:
            return key
    return ""


def _without_silence(audio: bytes) -> bytes:
    """The audio from its first loud frame to its last."""
    starts = range(0, len(audio), FRAME_BYTES)
    loud = [start for start in starts if is_loud(audio[start : start + FRAME_BYTES])]
    return audio[loud[0] : loud[-1] + FRAME_BYTES] if loud else b""


def _longest_bytes(verb: Record) -> int:
    return verb.max_length_s * mulaw.SAMPLE_RATE_HZ
