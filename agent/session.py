"""One conversation with an agent: the events it sends and what it can be told.

Pure: no sockets, no framework. Audio is base64 text of 8 kHz mu-law, 8 bytes a millisecond,
untouched between the line and the agent.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an agent does by itself, so that the bridge need not."""

    interrupts_itself: bool = False
    paces_audio: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """A part of what the agent says: `payload` is base64 mu-law."""

    utterance_id: str
    payload: str
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UtteranceEnd:
    """Nothing more comes of this utterance; `text` is what it says in words."""

    utterance_id: str
    text: str
    source: TranscriptSource


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerStarted:
    """The caller began to speak, `at_ms` on the clock of the caller's audio."""

    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerStopped:
    """The caller's turn from `start_ms` to `end_ms`; `text` is empty when nobody wrote it down."""

    start_ms: int
    end_ms: int
    text: str = ""
    source: TranscriptSource = TranscriptSource.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentDone:
    """The agent has said goodbye: hang up once it was heard."""

    outcome: AgentOutcome = AgentOutcome.FINISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFailed:
    """The agent cannot go on; the caller is handed to classic voicemail."""

    code: str
    detail: str = ""


AgentEvent = Utterance | UtteranceEnd | CallerStarted | CallerStopped | AgentDone | AgentFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """How much of an utterance the caller heard before being interrupted."""

    utterance_id: str
    heard_ms: int


class AgentSession(Protocol):
    """What every agent looks like to the bridge. No method but `close` may wait."""

    @property
    def capabilities(self) -> Capabilities:
        """Constant for the life of the session."""

    def send_audio(self, payload: str) -> None:
        """Take 20 ms of the caller's audio, base64 mu-law; drops the oldest when overrun."""

    def utterance_played(self, utterance_id: str) -> None:
        """The caller has heard this utterance to its end."""

    def interrupted(self, heard: Sequence[Heard]) -> None:
        """The caller spoke over these utterances; what was not heard will never be."""

    def wrap_up(self) -> None:
        """The call's time is over: say so in words, then end."""

    def events(self) -> AsyncIterator[AgentEvent]:
        """Everything the agent says or notices, in order, until the session is closed.

        After `close` it yields what had not been taken, the caller's unfinished turn included,
        and ends.
        """

    async def close(self) -> None:
        """End the session; safe to call twice, returns within a second."""
