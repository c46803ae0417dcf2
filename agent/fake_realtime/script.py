"""What the stand-in says: a script in the place of a model. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.speech import prompts
from agent.speech.mulaw import BYTES_PER_MS, SILENCE

MS_PER_CHARACTER = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Say:
    """Speak: one message item of an answer."""

    text: str
    audio: bytes  # mu-law


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Call a tool; the arguments are what the model wrote, JSON or not."""

    name: str
    arguments: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """The answer fails."""

    code: str
    kind: str = "server_error"


Part = Say | Call | Fail


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """What is to be answered."""

    purpose: str  # of a response.create that names one in its metadata; else empty
    turns: int  # how often the caller has spoken
    instructions: str


class Script(Protocol):
    """The mind of the stand-in."""

    def answer(self, cue: Cue) -> Sequence[Part]:
        """What to say now."""

    def words(self, turn: int) -> str | None:
        """What the caller said in her nth turn, from 1; None when it cannot be written down."""


def prompt(name: str) -> Say:
    """A checked-in sentence."""
    return Say(text=prompts.text_of(name), audio=prompts.load(name))


def tone(text: str) -> Say:
    """A sentence that nobody recorded: a soft hum as long as the words."""
    length = max(1, len(text)) * MS_PER_CHARACTER * BYTES_PER_MS
    hum = bytes([0xD5] * 20 + [0x55] * 20)  # 200 Hz, -28 dBFS
    return Say(text=text, audio=(hum * (length // len(hum) + 1))[:length])


def silence(ms: int) -> bytes:
    """Nothing, as audio."""
    return bytes([SILENCE]) * ms * BYTES_PER_MS


class Playbook:
    """Answers by purpose, and to the caller's turns one after the other; the last one repeats."""

    def __init__(
        self,
        turns: Sequence[Sequence[Part]],
        *,
        purposes: Mapping[str, Sequence[Part]],
        words: Sequence[str | None] = (),
    ) -> None:
        self._turns = turns
        self._purposes = purposes
        self._words = words

    def answer(self, cue: Cue) -> Sequence[Part]:
        if cue.purpose in self._purposes:
            return self._purposes[cue.purpose]
        return self._turns[min(max(cue.turns, 1), len(self._turns)) - 1]

    def words(self, turn: int) -> str | None:
        return self._words[min(turn, len(self._words)) - 1] if self._words else WORDS


WORDS = "These are the words of the caller, as the stand-in makes them up."

NOTE = (
    '{"caller_name": null, "reason": "A call with the stand-in.", "urgency": "normal", '
    '"callback_number": null}'
)


def canned_conversation() -> Playbook:
    """A whole call in the embedded agent's voice: greeting, one question, goodbye."""
    return Playbook(
        turns=[
            [prompt("anything_else"), Call(name="take_message", arguments=NOTE)],
            [prompt("confirmed"), prompt("goodbye"), Call(name="end_call")],
        ],
        purposes={
            "greeting": [prompt("greeting_live")],
            "go_on": [],
            "resume": [prompt("still_there")],
            "ask": [prompt("still_there")],
            "farewell": [prompt("goodbye")],
            "wrap_up": [prompt("time_is_up")],
        },
    )
