"""What the bridge wants done, in order: frames for the line, words for the agent, lines to keep.

Pure data; `telephony.conversation` carries it out.
"""

from dataclasses import dataclass

from msgspec import Struct

from agent.session import AgentOutcome, Heard, Role, TranscriptSource


class SendAudio(Struct, frozen=True, gc=False):
    """Play this to the caller: mu-law."""

    audio: bytes


class SendMark(Struct, frozen=True, gc=False):
    """Ask the carrier to say when everything so far was played."""

    name: str


@dataclass(frozen=True, slots=True)
class SendClear:
    """Stop playing at once."""


@dataclass(frozen=True, slots=True)
class TellPlayed:
    """Tell the agent that the caller has heard an utterance."""

    utterance_id: str


@dataclass(frozen=True, slots=True)
class TellInterrupted:
    """Tell the agent how much the caller heard before it was cut off."""

    heard: tuple[Heard, ...]


@dataclass(frozen=True, slots=True)
class TellSilence:
    """Tell the agent that the caller has not answered, for the first, second or third time."""

    times: int


@dataclass(frozen=True, slots=True)
class TellKey:
    """Tell the agent which key the caller pressed."""

    digit: str


@dataclass(frozen=True, slots=True)
class TellWrapUp:
    """Tell the agent that the call's time is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteLine:
    """Put a line into the transcript; times are on the stream's clock.

    `heard_chars` is how much of `text` the caller heard, None when it was all. `in_agents_place`
    are the sentences that we say while the agent is slow, or when it does not take leave.
    """

    role: Role
    text: str
    start_ms: int
    end_ms: int
    source: TranscriptSource
    heard_chars: int | None = None
    in_agents_place: bool = False


@dataclass(frozen=True, slots=True)
class CloseStream:
    """The agent's part is over: close the socket, the carrier asks what comes next."""

    outcome: AgentOutcome


AgentNews = TellPlayed | TellInterrupted | TellSilence | TellKey | TellWrapUp
Steering = SendMark | SendClear | AgentNews | WriteLine | CloseStream
Action = SendAudio | Steering
