"""What an observer of a simulated call is told, one small event at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Party(StrEnum):
    """One end of the line."""

    CALLER = "caller"
    FAR_END = "far end"
    CARRIER = "carrier"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAnswered:
    """The server answered a request of the carrier's."""

    path: str
    status: int
    took_ms: int
    is_repeat: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReceived:
    """A TwiML document came, with these verbs."""

    verbs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSpoken:
    """The carrier speaks a text: `as_tone` when no recording of the sentence is checked in."""

    text: str
    as_tone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundPlayed:
    """The carrier plays a file, or the tones of keys."""

    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitsGathered:
    """A <Gather> has ended; `digits` is empty when nobody pressed a key."""

    digits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOpened:
    """The media socket is open."""

    stream_sid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackCleared:
    """The server interrupted its own audio; so many marks came back at once."""

    marks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamClosed:
    """The media socket is closed. Of the audio received, `unplayed_ms` was never heard."""

    by: Party
    received_ms: int
    unplayed_ms: int
    marks: int
    clears: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStarted:
    """Somebody starts speaking."""

    who: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechStopped:
    """Somebody has been silent for half a second."""

    who: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerRecorded:
    """A <Record> has ended with audio in it."""

    duration_ms: int
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """The carrier's debugger would show this; `code` is Twilio's.

    The code `repeat` is the simulator's own: the same request was answered in another way.
    """

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded:
    """The call is over; `status` is what the status callback says."""

    by: Party
    status: str


CallEvent = (
    WebhookAnswered
    | DocumentReceived
    | TextSpoken
    | SoundPlayed
    | DigitsGathered
    | StreamOpened
    | PlaybackCleared
    | StreamClosed
    | SpeechStarted
    | SpeechStopped
    | CallerRecorded
    | Warned
    | CallEnded
)
Report = Callable[[CallEvent], None]
Observer = Callable[[int, CallEvent], None]
"""Gets the milliseconds since the call was placed, and what happened."""
