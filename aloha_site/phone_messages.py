"""What a browser's phone may say over its socket. Pure.

Binary messages are 8 kHz mu-law of the microphone; text messages are small JSON objects.
"""

import json
from dataclasses import dataclass

from telephony.simulator.keypad import KEYS

MAX_AUDIO_BYTES = 1_600
"""200 ms; a browser sends 20 to 40."""
MAX_TEXT_CHARACTERS = 200


class PhoneMessageError(ValueError):
    """Nothing that a browser's phone says."""


@dataclass(frozen=True, slots=True)
class PlaceCall:
    """Call the owner's number; a blank script means that the microphone speaks."""

    script: str


@dataclass(frozen=True, slots=True)
class PressKey:
    """A key of the keypad."""

    key: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What the microphone picked up."""

    audio: bytes


PhoneMessage = PlaceCall | PressKey | HangUp | Voice


def read_message(text: str | None, audio: bytes | None) -> PhoneMessage:
    """One message of the browser's. Raises PhoneMessageError."""
    if text is None:
        if not audio or len(audio) > MAX_AUDIO_BYTES:
            raise PhoneMessageError("Audio of no length or too much.")
        return Voice(audio)
    if len(text) > MAX_TEXT_CHARACTERS:
        raise PhoneMessageError("A long text.")
    try:
        content = json.loads(text)
    except ValueError as error:
        raise PhoneMessageError("Not JSON.") from error
    if not isinstance(content, dict):
        raise PhoneMessageError("Not an object.")
    match content:
        case {"type": "call", "script": str(script)} if len(content) == 2:
            return PlaceCall(script)
        case {"type": "key", "key": str(key)} if len(key) == 1 and key in KEYS:
            return PressKey(key)
        case {"type": "hangup"}:
            return HangUp()
    raise PhoneMessageError("An unknown message.")
