"""Between line and agent: events of both go in, actions come out. Pure.

No socket, no clock: every method gets `now_ms`, milliseconds since the stream started, and
returns what is to be done, in order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import assert_never

from agent.session import (
    AgentDone,
    AgentEvent,
    AgentFailed,
    AgentOutcome,
    CallerPaused,
    CallerStarted,
    CallerStopped,
    Capabilities,
    Interrupted,
    Utterance,
    UtteranceEnd,
)
from telephony.actions import (
    Action,
    AgentNews,
    CloseStream,
    SendAudio,
    SendClear,
    SendMark,
    TellInterrupted,
    TellKey,
    TellPlayed,
    TellSilence,
    TellWrapUp,
    WriteLine,
)
from telephony.patience import Due, Patience
from telephony.playback import MARK_EVERY_MS, PlaybackLedger, Played
from telephony.said import OwnWords, Said, caller_line, is_own, own_id

GOODBYE_GRACE_MS = 2_000
LONGEST_GOODBYE_MS = 15_000
"""Of what the agent still adds after it has taken leave."""
LEAVE_WITHIN_MS = 15_000
"""How long the agent may take over its leave once it was told to."""

OWN_SENTENCES = ("one_moment", "time_is_up", "no_message")
"""While the agent is slow; for an agent that does not take leave when it is told to."""


@dataclass(frozen=True, slots=True)
class Farewell:
    """Why the agent was told to end the call, and what we say if it does not."""

    sentence: str
    outcome: AgentOutcome


TIME_IS_UP = Farewell("time_is_up", AgentOutcome.TIME_LIMIT)
NOBODY_SPEAKS = Farewell("no_message", AgentOutcome.FINISHED)


class Bridge:
    """One call's conversation, from the start of its stream to its end.

    `own_words` are the sentences it can say itself, OWN_SENTENCES by name. `opt_out_key` ends the
    call of somebody whom we called and who wants no more calls.
    """

    def __init__(
        self, *, max_call_ms: int, own_words: Mapping[str, OwnWords], opt_out_key: str = ""
    ) -> None:
        self._max_call_ms = max_call_ms
        self._opt_out_key = opt_out_key
        self._own_words = own_words
        self._agent = Capabilities()
        self._unheard_ms = 0
        self._mark_every_ms: int | None = MARK_EVERY_MS
        self._ledger = PlaybackLedger()
        self._said = Said()
        self._patience = Patience()
        self._own_said = 0
        self.fillers = 0
        self._pauses_are_told = False
        self._farewell: Farewell | None = None  # the agent was told to say this
        self._farewell_by_ms = 0
        self._leaving: AgentOutcome | None = None
        self._hang_up_by_ms = self._latest_ms = 0
        self._agent_is_mute = False
        self._closed = False

    def is_quiet(self, *, now_ms: int) -> bool:
        """Nobody speaks, neither of us nor the caller: a moment to pass the call on."""
        return self._ledger.is_empty and not self._patience.caller_speaks(now_ms)

    @property
    def takes_leave(self) -> bool:
        """The goodbye has been said, and the caller hears what is left of it."""
        return self._leaving is not None

    @property
    def being_said(self) -> str:
        """What the caller hears the agent say at the moment; blank when it is not known."""
        return self._said.being_said

    @property
    def awaits_words(self) -> bool:
        """Whether the caller heard something of the agent's whose words are still to come."""
        return self._said.awaits_words

    def agent_opened(self, capabilities: Capabilities, *, unheard_ms: int = 0) -> None:
        """The agent's session is open: what it does by itself is left to it.

        Its clock begins with the first audio that it hears, `unheard_ms` after the stream's.
        """
        self._agent = capabilities
        self._unheard_ms = unheard_ms
        # Whoever paces the audio keeps the carrier's buffer empty: the end alone needs a mark.
        self._mark_every_ms = None if capabilities.paces_audio else MARK_EVERY_MS

    def agent_event(self, event: AgentEvent, *, now_ms: int) -> list[Action]:
        """What to do about something the agent said or noticed."""
        actions = self._on_agent_event(event, now_ms)
        if self._closed:  # what is left to keep, and the closing itself
            return [each for each in actions if isinstance(each, WriteLine | CloseStream)]
        return actions

    def agent_audio(self, said: Utterance, *, now_ms: int) -> list[Action]:
        """What to do about audio of the agent, as `agent_event`: there are 50 a second."""
        if self._closed or self._agent_is_mute:
            self._said.dropped(said)
            return []
        if not self._said.lets_through(said):
            return []
        self._patience.agent_speaks()
        mark = self._ledger.sent(
            said.utterance_id, said.duration_ms, now_ms=now_ms, mark_every_ms=self._mark_every_ms
        )
        if self._leaving is not None:
            self._wait_for_goodbye()
        sound = SendAudio(said.audio)
        return [sound] if mark is None else [sound, SendMark(mark)]

    def _on_agent_event(self, event: AgentEvent, now_ms: int) -> list[Action]:
        match event:
            case Utterance():
                return self.agent_audio(event, now_ms=now_ms)
            case UtteranceEnd():
                return self._finished_saying(event)
            case CallerStarted():
                self._patience.caller_began(now_ms)
                self._stay_with_the_caller()
                return [] if self._agent.interrupts_itself else self._interrupt(now_ms)
            case CallerPaused():
                self._pauses_are_told = True
                self._patience.caller_ended(now_ms)
                return []
            case CallerStopped():
                return self._caller_stopped(event, now_ms)
            case Interrupted():
                return self._interrupt(now_ms)
            case AgentDone():
                return self._agent_leaves(event.outcome, now_ms)
            case AgentFailed():
                return self._agent_failed(now_ms)
            case _:
                assert_never(event)

    def mark_returned(self, name: str, *, now_ms: int) -> list[Action]:
        """What to do when the carrier gives a mark back."""
        played = self._ledger.mark_returned(name, now_ms=now_ms)
        return [] if played is None else self._heard([played], now_ms)

    def key_pressed(self, digit: str, *, now_ms: int) -> list[Action]:
        """What to do when the caller presses a key."""
        if digit == self._opt_out_key:
            return self._close(AgentOutcome.OPTED_OUT_BY_KEY, now_ms)
        self._patience.caller_is_there(now_ms)
        self._stay_with_the_caller()
        return [TellKey(digit)]

    def voice_heard(self, *, now_ms: int) -> None:
        """The line carries the caller's voice: an agent that does not notice it is asked."""
        if self._ledger.is_empty:  # while the agent plays it may be its echo
            self._patience.voice_heard(now_ms)
            self._stay_with_the_caller()

    def line_stopped(self, *, now_ms: int) -> list[Action]:
        """What to do when the caller is gone: keep what was said, then close."""
        return self._close(self._leaving or AgentOutcome.CALLER_LEFT, now_ms)

    def tick(self, *, now_ms: int) -> list[Action]:
        """What is due by now: nobody may hang in a silent or endless call."""
        overdue = self._ledger.overdue(now_ms=now_ms)
        actions = self._heard(overdue, now_ms) if overdue else []
        if self._closed:
            return actions
        if self._leaving is not None:
            self._wait_for_goodbye()
            is_late = now_ms >= self._hang_up_by_ms
            return actions + (self._close(self._leaving, now_ms) if is_late else [])
        if self._farewell is None and now_ms >= self._max_call_ms:
            return [*actions, *self._must_take_leave(TIME_IS_UP, TellWrapUp(), now_ms)]
        if self._farewell is not None and now_ms >= self._farewell_by_ms:
            return actions + self._take_leave(self._farewell, now_ms)
        return actions + self._break_silence(now_ms)

    def _send(self, utterance_id: str, audio: bytes, duration_ms: int, now_ms: int) -> list[Action]:
        mark = self._ledger.sent(
            utterance_id, duration_ms, now_ms=now_ms, mark_every_ms=self._mark_every_ms
        )
        return [SendAudio(audio)] if mark is None else [SendAudio(audio), SendMark(mark)]

    def _say(self, sentence: str, now_ms: int) -> list[Action]:
        self._own_said += 1
        utterance_id, words = own_id(self._own_said), self._own_words[sentence]
        actions: list[Action] = []
        for audio, duration_ms in words.pieces:
            actions += self._send(utterance_id, audio, duration_ms, now_ms)
        return actions + self._finished_saying(words.ending(utterance_id))

    def _finished_saying(self, end: UtteranceEnd) -> list[Action]:
        mark = self._ledger.completed(end.utterance_id)
        if not is_own(end.utterance_id):
            self._patience.agent_finished()
        late = self._told(self._said.finished(end))
        return late if mark is None else [*late, SendMark(mark)]

    def _told(self, actions: Iterable[TellInterrupted | WriteLine]) -> list[Action]:
        """The actions without what an agent that interrupts itself knows."""
        knows = self._agent.interrupts_itself
        return [each for each in actions if not (knows and isinstance(each, TellInterrupted))]

    def _caller_stopped(self, turn: CallerStopped, now_ms: int) -> list[Action]:
        # Words that are written down late may have been answered already.
        if not self._pauses_are_told:
            self._patience.caller_ended(now_ms)
        return [caller_line(turn, later_ms=self._unheard_ms)] if turn.end_ms > turn.start_ms else []

    def _interrupt(self, now_ms: int) -> list[Action]:
        """Stop what plays and forget the rest; a goodbye is not talked into silence."""
        return [] if self._leaving is not None else self._cut(now_ms)

    def _cut(self, now_ms: int) -> list[Action]:
        self._said.mute_turn()
        if self._ledger.is_empty:
            return []
        return [SendClear(), *self._told(self._said.cut(self._ledger.cut(now_ms=now_ms)))]

    def _heard(self, heard: list[Played], now_ms: int) -> list[Action]:
        """Utterances that were heard to their end, maybe the last ones of the call."""
        actions: list[Action] = []
        for played in heard:
            if not is_own(played.utterance_id):
                actions.append(TellPlayed(played.utterance_id))
            actions += self._said.heard(played)
        if heard and self._ledger.is_empty:
            self._patience.everything_heard(now_ms)
            if self._leaving is not None:
                actions += self._close(self._leaving, now_ms)
        return actions

    def _break_silence(self, now_ms: int) -> list[Action]:
        if self._ledger.has_run_dry(now_ms=now_ms):
            self._patience.agent_broke_off(self._ledger.plays_until_ms)
        due = self._patience.due(
            now_ms=now_ms,
            agent_plays=not self._ledger.is_empty,
            asks_itself=self._agent.watches_silence,
        )
        if due is Due.NOTHING:
            return []
        if due is Due.FILLER:
            self.fillers += 1
            return self._say("one_moment", now_ms)
        if self._farewell is not None:
            return self._take_leave(self._farewell, now_ms)
        if due is Due.GIVE_UP:
            return self._close(AgentOutcome.FAILED, now_ms)
        if due is Due.ASK:
            return [TellSilence(self._patience.times_asked)]
        told = TellSilence(self._patience.times_asked + 1)
        return self._must_take_leave(NOBODY_SPEAKS, told, now_ms)

    def _must_take_leave(self, farewell: Farewell, told: AgentNews, now_ms: int) -> list[Action]:
        self._farewell = farewell
        self._farewell_by_ms = now_ms + LEAVE_WITHIN_MS
        return [told]

    def _stay_with_the_caller(self) -> None:
        """Nobody is told goodbye for her silence who speaks or has pressed a key."""
        if self._farewell is NOBODY_SPEAKS and self._leaving is None:
            self._farewell = None

    def _take_leave(self, farewell: Farewell, now_ms: int) -> list[Action]:
        """The agent did not: say it ourselves, whatever it still says."""
        self._agent_is_mute = True
        cut = self._cut(now_ms)
        words = self._say(farewell.sentence, now_ms)
        return [*cut, *words, *self._agent_leaves(farewell.outcome, now_ms)]

    def _agent_failed(self, now_ms: int) -> list[Action]:
        if self._leaving is not None:  # a goodbye already under way is heard to its end
            return []
        if self._farewell is not None:
            return self._take_leave(self._farewell, now_ms)
        return self._close(AgentOutcome.FAILED, now_ms)

    def _agent_leaves(self, outcome: AgentOutcome, now_ms: int) -> list[Action]:
        if self._leaving is not None:
            return []
        if self._ledger.is_empty:
            return self._close(outcome, now_ms)
        self._leaving = outcome
        self._hang_up_by_ms = self._ledger.plays_until_ms + GOODBYE_GRACE_MS
        self._latest_ms = max(self._hang_up_by_ms, now_ms + LONGEST_GOODBYE_MS)
        return []

    def _wait_for_goodbye(self) -> None:
        """It plays longer when more of it comes, and where the line stood still for a while."""
        until_ms = min(self._ledger.plays_until_ms + GOODBYE_GRACE_MS, self._latest_ms)
        self._hang_up_by_ms = max(self._hang_up_by_ms, until_ms)

    def _close(self, outcome: AgentOutcome, now_ms: int) -> list[Action]:
        if self._closed:
            return []
        self._closed = True
        told = self._said.cut(self._ledger.cut(now_ms=now_ms))
        return [*(each for each in told if isinstance(each, WriteLine)), CloseStream(outcome)]
