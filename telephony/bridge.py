"""Between line and agent: events of both go in, actions come out. Pure.

No socket, no clock: every method gets `now_ms`, milliseconds since the stream started, and
returns what is to be done, in order.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from agent.session import (
    AgentDone,
    AgentEvent,
    AgentFailed,
    AgentOutcome,
    CallerStarted,
    CallerStopped,
    Heard,
    Role,
    TranscriptSource,
    Utterance,
    UtteranceEnd,
)
from telephony.playback import PlaybackLedger, Played

AGENT_SILENT_AT_START_MS = 3_500
GOODBYE_GRACE_MS = 2_000
WRAP_UP_GRACE_MS = 15_000


@dataclass(frozen=True, slots=True)
class SendAudio:
    """Play this to the caller: base64 mu-law."""

    payload: str


@dataclass(frozen=True, slots=True)
class SendMark:
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
    """Tell the agent how much the caller heard before speaking over it."""

    heard: tuple[Heard, ...]


@dataclass(frozen=True, slots=True)
class TellWrapUp:
    """Tell the agent that the call's time is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteLine:
    """Put a line into the transcript; times are on the stream's clock."""

    role: Role
    text: str
    start_ms: int
    end_ms: int
    source: TranscriptSource


@dataclass(frozen=True, slots=True)
class CloseStream:
    """The agent's part is over: close the socket, the carrier asks what comes next."""

    outcome: AgentOutcome


Action = (
    SendAudio
    | SendMark
    | SendClear
    | TellPlayed
    | TellInterrupted
    | TellWrapUp
    | WriteLine
    | CloseStream
)


class Bridge:
    """One call's conversation, from the start of its stream to its end."""

    def __init__(self, *, max_call_ms: int) -> None:
        self._max_call_ms = max_call_ms
        self._ledger = PlaybackLedger()
        self._words: dict[str, UtteranceEnd] = {}
        self._heard: dict[str, Played] = {}
        self._muted: set[str] = set()
        self._agent_has_spoken = False
        self._wrap_up_ms: int | None = None
        self._leaving: AgentOutcome | None = None
        self._hang_up_by_ms = 0
        self._closed = False

    def agent_event(self, event: AgentEvent, *, now_ms: int) -> list[Action]:
        """What to do about something the agent said or noticed."""
        match event:
            case Utterance():
                return self._agent_said(event, now_ms)
            case UtteranceEnd():
                return self._agent_finished_saying(event)
            case CallerStarted():
                return self._caller_spoke_over(now_ms)
            case CallerStopped():
                return [_caller_line(event)] if event.end_ms > event.start_ms else []
            case AgentDone():
                return self._agent_leaves(event.outcome, now_ms)
            case AgentFailed():
                # A goodbye already under way is heard to its end.
                return [] if self._leaving else self._close(AgentOutcome.FAILED, now_ms)

    def mark_returned(self, name: str, *, now_ms: int) -> list[Action]:
        """What to do when the carrier gives a mark back."""
        played = self._ledger.mark_returned(name)
        if played is None:
            return []
        actions: list[Action] = [TellPlayed(played.utterance_id), *self._line_of(played)]
        if self._leaving is not None and self._ledger.is_empty:
            actions += self._close(self._leaving, now_ms)
        return actions

    def line_stopped(self, *, now_ms: int) -> list[Action]:
        """What to do when the caller is gone: keep what was said, then close."""
        return self._close(self._leaving or AgentOutcome.CALLER_LEFT, now_ms)

    def tick(self, *, now_ms: int) -> list[Action]:
        """What is due by now: nobody may hang in a silent or endless call."""
        if self._leaving is not None and now_ms >= self._hang_up_by_ms:
            return self._close(self._leaving, now_ms)
        if not self._agent_has_spoken and now_ms >= AGENT_SILENT_AT_START_MS:
            return self._close(AgentOutcome.FAILED, now_ms)
        if self._wrap_up_ms is None and now_ms >= self._max_call_ms:
            self._wrap_up_ms = now_ms
            return [TellWrapUp()]
        if self._wrap_up_ms is not None and now_ms >= self._wrap_up_ms + WRAP_UP_GRACE_MS:
            # It did not take leave in words: the caller may want to leave a message.
            return self._close(AgentOutcome.FAILED, now_ms)
        return []

    def _agent_said(self, said: Utterance, now_ms: int) -> list[Action]:
        if said.utterance_id in self._muted:
            return []
        self._agent_has_spoken = True
        mark = self._ledger.sent(said.utterance_id, said.duration_ms, now_ms=now_ms)
        audio = SendAudio(said.payload)
        return [audio] if mark is None else [audio, SendMark(mark)]

    def _agent_finished_saying(self, end: UtteranceEnd) -> list[Action]:
        self._words[end.utterance_id] = end
        interrupted = self._heard.get(end.utterance_id)
        if interrupted is not None:
            return list(self._line_of(interrupted))
        mark = self._ledger.completed(end.utterance_id)
        return [] if mark is None else [SendMark(mark)]

    def _caller_spoke_over(self, now_ms: int) -> list[Action]:
        if self._ledger.is_empty or self._leaving is not None:
            return []
        return [SendClear(), *self._cut(now_ms)]

    def _cut(self, now_ms: int) -> Iterator[Action]:
        cut = self._ledger.cut(now_ms=now_ms)
        for played in cut:
            self._muted.add(played.utterance_id)
            self._heard[played.utterance_id] = played
        yield TellInterrupted(
            tuple(Heard(utterance_id=p.utterance_id, heard_ms=p.heard_ms) for p in cut)
        )
        for played in cut:
            yield from self._line_of(played)

    def _line_of(self, played: Played) -> Iterator[Action]:
        words = self._words.get(played.utterance_id)
        if words is not None and played.heard_ms > 0:
            yield WriteLine(
                role=Role.AGENT,
                text=words.text,
                start_ms=played.start_ms,
                end_ms=played.start_ms + played.heard_ms,
                source=words.source,
            )

    def _agent_leaves(self, outcome: AgentOutcome, now_ms: int) -> list[Action]:
        if self._ledger.is_empty:
            return self._close(outcome, now_ms)
        self._leaving = outcome
        self._hang_up_by_ms = self._ledger.plays_until_ms + GOODBYE_GRACE_MS
        return []

    def _close(self, outcome: AgentOutcome, now_ms: int) -> list[Action]:
        if self._closed:
            return []
        self._closed = True
        lines = [
            line for played in self._ledger.cut(now_ms=now_ms) for line in self._line_of(played)
        ]
        return [*lines, CloseStream(outcome)]


def _caller_line(turn: CallerStopped) -> WriteLine:
    return WriteLine(
        role=Role.CALLER,
        text=turn.text,
        start_ms=turn.start_ms,
        end_ms=turn.end_ms,
        source=turn.source,
    )
