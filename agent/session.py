"""One conversation with an agent: the events it sends and what it can be told.

Pure: no sockets, no framework. Audio is 8 kHz mu-law, 8 bytes a millisecond, untouched between the
line and the agent; text of it, base64, is for the wires.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from msgspec import Struct


class Role(StrEnum):
    """Who speaks."""

    CALLER = "caller"
    AGENT = "agent"


class TranscriptSource(StrEnum):
    """Where the words of a transcript line come from."""

    REALTIME = "realtime"
    RECOGNISED = "recognised"
    SCRIPTED = "scripted"
    NONE = "none"  # somebody spoke, nobody wrote it down


class AgentOutcome(StrEnum):
    """How the agent's part of a call ended."""

    FINISHED = "finished"
    FAILED = "failed"
    CALLER_LEFT = "caller_left"
    TIME_LIMIT = "time_limit"
    # Of a call that the agent placed, no more calls are wanted; in words, and goodbye was said.
    OPTED_OUT = "opted_out"
    OPTED_OUT_BY_KEY = "opted_out_by_key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an agent does by itself, so that the bridge need not.

    `interrupts_itself`: it decides when the caller's words stop it, and says so with `Interrupted`;
    without it the bridge stops it at every `CallerStarted`. `paces_audio`: its audio comes as it is
    to be heard, in real time; without it all of an utterance may come at once. `watches_silence`:
    it asks a caller who says nothing; without it the bridge tells it when to.
    """

    interrupts_itself: bool = False
    paces_audio: bool = False
    watches_silence: bool = False


class Utterance(Struct, frozen=True, gc=False, kw_only=True):  # made 50 times a second
    """A part of what the agent says, in mu-law.

    Utterances that answer the same thing share a `turn_id`: who speaks over one of them is spared
    the others.
    """

    utterance_id: str
    audio: bytes
    duration_ms: int
    turn_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UtteranceEnd:
    """Nothing more comes of this utterance; `text` is what it says in words.

    Until it comes, a silence is taken for an agent that is stuck in mid-sentence.
    """

    utterance_id: str
    text: str
    source: TranscriptSource


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerStarted:
    """The caller began to speak, `at_ms` on the clock of the caller's audio."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerPaused:
    """The caller's turn ended at `at_ms` and she waits for an answer; her words come later.

    An agent that sends it once sends it for every turn. Of one that never does, `CallerStopped`
    means the same.
    """

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerStopped:
    """The caller's turn from `start_ms` to `end_ms`; `text` is empty when nobody wrote it down."""

    start_ms: int
    end_ms: int
    text: str = ""
    source: TranscriptSource = TranscriptSource.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted:
    """The agent has let the caller interrupt it: what was not heard yet never will be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDone:
    """The agent has said goodbye: hang up once it was heard."""

    outcome: AgentOutcome = AgentOutcome.FINISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFailed:
    """The agent cannot go on; the caller is handed to classic voicemail."""

    code: str
    detail: str = ""


AgentEvent = (
    Utterance
    | UtteranceEnd
    | CallerStarted
    | CallerPaused
    | CallerStopped
    | Interrupted
    | AgentDone
    | AgentFailed
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How much of an utterance the caller heard before it was cut off.

    Never more than was sent. 0 means that she heard none of it: it is to be forgotten as unsaid.
    """

    utterance_id: str
    heard_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReport:
    """What an agent can tell about its part of a call: what it used, and the message it noted.

    The message is the agent's reading of what the caller said, and as much to be trusted. Without
    a cost it is not known; nothing used costs nothing.
    """

    usage: Mapping[str, str | int] = field(default_factory=dict)
    cost_usd: Decimal | None = None
    caller_name: str = ""
    reason: str = ""
    urgency: str = ""
    callback_number: str = ""
    wants_no_calls: bool = False  # of somebody whom the agent has called


class AgentSession(Protocol):
    """What every agent looks like to the bridge. No method but `close` may wait."""

    @property
    def capabilities(self) -> Capabilities:
        """Constant for the life of the session."""

    def send_audio(self, audio: bytes) -> None:
        """Take the caller's audio, usually 20 ms of mu-law; drops the oldest when overrun."""

    def utterance_played(self, utterance_id: str) -> None:
        """The caller has heard this utterance to its end."""

    def interrupted(self, heard: Sequence[Heard]) -> None:
        """The caller spoke over these utterances; what was not heard will never be."""

    def caller_silent(self, times: int) -> None:
        """The caller has not answered, `times` in a row: at 1 and 2 ask her, at 3 say goodbye.

        Who speaks or presses a key into that goodbye is there, and is answered instead. Never
        called for an agent that watches silence itself.
        """

    def key_pressed(self, digit: str) -> None:
        """The caller pressed a key: 0 to 9, *, # or A to D."""

    def wrap_up(self) -> None:
        """The call's time is over: say so in words, then end."""

    def report(self) -> AgentReport:
        """What is known by now; whole once the session is closed."""

    def listen(self, take: Callable[[AgentEvent], bool]) -> None:
        """Offer events to `take` as they come; what it refuses comes by `events`, in order.

        For an agent whose events are many. One that offers nothing gives all of them by `events`.
        """

    def events(self) -> AsyncIterator[AgentEvent]:
        """Everything the agent says or notices, in order, until the session is closed.

        After `close` it yields what had not been taken, the caller's unfinished turn included,
        and ends.
        """

    async def close(self) -> None:
        """End the session; safe to call twice, returns within a second."""
