"""The caller's turns, from words that come without any. Pure.

The Live API tells what the caller says, with times, but neither that she begins nor that she has
finished. A turn begins with the first words; it ends after a pause, or when the agent speaks.
Words may come when the agent is answering them already, so that their turn is over at once, or so
late that it has answered: those are only written down.
"""

from dataclasses import dataclass

from agent.backends.live_clock import LiveClock
from agent.backends.live_events import InputWords
from agent.backends.realtime_outbox import Outbox
from agent.backends.realtime_record import Record
from agent.session import CallerPaused, CallerStarted

PAUSE_MS = 800
"""Silence between words that are of two turns."""
WRITTEN_AFTER_MS = 2_000
"""From the last words that came to when no more are waited for."""
ANSWER_OVERLAP_MS = 300
"""How far into the agent's answer the words that it answers may last."""


@dataclass(slots=True)
class _Turn:
    turn_id: str
    start_ms: int
    end_ms: int
    heard_at_ms: int  # when its last words came
    text: str = ""
    has_paused: bool = False
    answer_ms: int | None = None  # when the answer began that was known with its words


class LiveTurns:
    """The caller's side of the record. Times are those of the call's clock."""

    def __init__(self, record: Record, outbox: Outbox, clock: LiveClock) -> None:
        self._record, self._outbox, self._clock = record, outbox, clock
        self._turn: _Turn | None = None
        self._untold: _Turn | None = None  # until the agent speaks again
        self._count = 0
        self._has_told_pauses = False
        self._agent_began_ms: int | None = None
        self.waits_since_ms: int | None = None  # of a caller who gets no answer

    @property
    def caller_speaks(self) -> bool:
        """Whether she does, as far as her words tell."""
        return self._turn is not None and not self._turn.has_paused

    def hear(self, words: InputWords, *, agent_speaks: bool) -> None:
        """Take the next words."""
        start_ms = self._clock.at(words.start_ms)
        end_ms = max(start_ms, self._clock.at(words.end_ms))
        turn = self._turn
        if turn is None or start_ms - turn.end_ms > PAUSE_MS:
            turn = self._begin(start_ms, end_ms)
            self._tell(turn, start_ms, agent_speaks=agent_speaks)
        else:
            turn.end_ms = max(turn.end_ms, end_ms)
            is_news = not self._is_answered(end_ms) or turn.answer_ms != self._agent_began_ms
            if turn.has_paused and is_news:
                self._tell(turn, start_ms, agent_speaks=agent_speaks)
        turn.heard_at_ms = self._clock.now_ms
        turn.text += words.delta

    def agent_begins(self) -> None:
        """The agent speaks: whatever the caller said was said."""
        self._agent_began_ms = self._clock.now_ms
        untold, self._untold = self._untold, None
        if self._turn is not None and self._turn is not untold:
            self._pause(self._turn)
        if untold is not None:
            self._speaks(untold.start_ms)
            self._tell_pause(untold)
        self.waits_since_ms = None

    def pass_time(self) -> None:
        """Tell of what the silence means by now; cheap, for every 20 ms."""
        turn, now_ms = self._turn, self._clock.now_ms
        if turn is None:
            return
        if now_ms - max(turn.end_ms, turn.heard_at_ms) >= PAUSE_MS:
            self._pause(turn)
        if turn.has_paused and now_ms - turn.heard_at_ms >= WRITTEN_AFTER_MS:
            self.finish()

    def finish(self) -> None:
        """No more words come of the turn, if there is one."""
        turn, self._turn = self._turn, None
        if turn is None:
            return
        self._pause(turn)
        start_ms, end_ms = map(self._clock.on_line, (turn.start_ms, turn.end_ms))
        # A turn without any length would be none, and its words lost with it.
        self._record.turn_stopped(turn.turn_id, max(end_ms, start_ms + 1))
        self._record.turn_written(turn.turn_id, turn.text)
        now_ms = self._clock.on_line(self._clock.now_ms)
        self._outbox.tell(*self._record.finished_turns(now_ms, all_of_them=True))

    def _begin(self, start_ms: int, end_ms: int) -> _Turn:
        self.finish()
        self._count += 1
        turn = _Turn(f"turn_{self._count}", start_ms, end_ms, self._clock.now_ms)
        self._turn = turn
        self._record.turn_started(turn.turn_id, self._clock.on_line(start_ms))
        return turn

    def _tell(self, turn: _Turn, at_ms: int, *, agent_speaks: bool) -> None:
        """The caller speaks, or has spoken and is answered already."""
        is_answered = self._is_answered(turn.end_ms)
        if is_answered:
            turn.answer_ms = self._agent_began_ms
        if is_answered and not agent_speaks and self._has_told_pauses:
            # Told now, it would call for another answer; untold, she would seem not to be heard.
            # Whoever never hears of a pause takes written words for one, so the first one is told.
            turn.has_paused = True
            self._untold = turn
            return
        turn.has_paused, self._untold = False, None
        self._speaks(at_ms)
        if is_answered:
            self._pause(turn)

    def _speaks(self, at_ms: int) -> None:
        self.waits_since_ms = None
        self._outbox.tell(CallerStarted(at_ms=self._clock.on_line(at_ms)))

    def _pause(self, turn: _Turn) -> None:
        if not turn.has_paused:
            turn.has_paused = self._has_told_pauses = True
            self.waits_since_ms = self._clock.now_ms
            self._tell_pause(turn)

    def _tell_pause(self, turn: _Turn) -> None:
        self._outbox.tell(CallerPaused(at_ms=self._clock.on_line(turn.end_ms)))

    def _is_answered(self, end_ms: int) -> bool:
        began_ms = self._agent_began_ms
        return began_ms is not None and end_ms <= began_ms + ANSWER_OVERLAP_MS
