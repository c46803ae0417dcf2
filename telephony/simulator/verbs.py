"""What a TwiML document can ask the carrier to do."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Speak a text; `loop` 0 means until the call ends."""

    text: str
    loop: int = 1
    voice: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Play a sound file, or the tones of `digits` when there is no address; `loop` as in Say."""

    url: str = ""
    digits: str = ""
    loop: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """Wait in silence."""

    length_s: int = 1


Speech = Say | Play | Pause
"""What the caller only listens to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gather:
    """Take keys from the caller while `prompts` play and for `timeout_s` after them.

    `num_digits` None means as many as come. `action` None means the address of the document itself.
    """

    prompts: tuple[Speech, ...] = ()
    num_digits: int | None = None
    finish_on_key: str = "#"
    timeout_s: int = 5
    action: str | None = None
    action_on_empty: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Record the caller. `action` None means the address of the document itself."""

    action: str | None = None
    timeout_s: int = 5
    max_length_s: int = 3600
    finish_on_key: str = "1234567890*#"
    play_beep: bool = True
    trims_silence: bool = False
    status_callback: str | None = None
    status_events: tuple[str, ...] = ("completed",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A bidirectional media stream."""

    url: str
    name: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    status_callback: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connect:
    """Give the call's audio to a stream; `action` None means the next verb follows."""

    stream: Stream
    action: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Go on with another document; the rest of this one is dropped."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reject:
    """Do not answer."""

    reason: str = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hangup:
    """End the call."""


Verb = Speech | Gather | Record | Connect | Redirect | Reject | Hangup
