"""One call with the Live API: events of its server and of the line in, both sides' out. Pure.

No socket, no clock but the audio (`live_clock`). Whoever owns the socket empties the outbox after
every method. The server decides who speaks when, and stops by itself when the caller speaks over
it; what it says is cut into utterances in `live_speech`, what it hears into turns in `live_turns`.

    greeting ──> conversation ──> a tool, silence or the time end it ──> last words ──> done
"""

from dataclasses import replace

from agent import instructions
from agent.backends import live_commands as commands
from agent.backends import live_events as wire
from agent.backends.live_clock import LiveClock
from agent.backends.live_commands import LiveOptions
from agent.backends.live_goodbye import Goodbye
from agent.backends.live_owed import Owed
from agent.backends.live_speech import LiveSpeech
from agent.backends.live_task import LiveTask
from agent.backends.live_turns import LiveTurns
from agent.backends.live_usage import LiveMeter
from agent.backends.realtime_events import Ignored
from agent.backends.realtime_failures import Severity, judge, loss_by_end, name_of
from agent.backends.realtime_outbox import Outbox
from agent.backends.realtime_record import KEYS, Record
from agent.backends.realtime_responses import Purpose
from agent.backends.realtime_tools import Toolbox
from agent.backends.realtime_wording import words_for
from agent.brief import CallBrief
from agent.errors import SessionLost
from agent.session import AgentDone, AgentOutcome

ANSWER_WITHIN_MS = 2_000
"""From the pause that ends the caller's turn to when the model is told that she waits."""
IDLE_MS = 45_000
"""Without a word from anybody: the session is billed by the second, silence included."""
LOOK_MS = 250
SILENT_LOOKS = 12  # while it is sent audio itself
"""Without any audio from a server that sends silence too: it is gone."""
LAST_SILENCE = 3


class LiveDialogue:
    """What is said on one call, and what becomes of it."""

    def __init__(self, brief: CallBrief, *, options: LiveOptions, voice: str) -> None:
        self.outbox = Outbox()
        self.clock = LiveClock()
        self.tools = Toolbox(outbound=brief.outbound)
        self.meter = LiveMeter(model=options.model, task_model=options.task_model)
        self.is_over = False  # the server has ended the session
        self._brief, self._options, self._voice = brief, options, voice
        self._record = Record()
        self._turns = LiveTurns(self._record, self.outbox, self.clock)
        self._speech = LiveSpeech(self._record, self.outbox, begins=self._turns.agent_begins)
        self._goodbye = Goodbye()
        self.is_done = False  # goodbye was said
        self._is_closing = self._has_let_caller_add = False
        self._is_anybody_there = True
        self._broke_off = False
        self._lively_at_ms = self._looked_at_ms = self._looks_without_audio = 0
        self._task = LiveTask(self.tools, self.meter, self.outbox)
        self._owed = Owed()
        self._asked_id = ""

    def start(self) -> None:
        """Set up a session; to be sent before anything else."""
        brief = self._brief
        lines = tuple(self._record.lines())
        if lines:
            brief = replace(brief, said_before=brief.said_before + lines)
        self.outbox.send(
            commands.start,
            options=self._options,
            instructions=instructions.for_voice(brief),
            task_instructions=instructions.for_task(brief),
            voice=self._voice,
            outbound=brief.outbound,
        )

    def started(self, *, held_ms: int = 0) -> None:
        """The session's time runs; the last `held_ms` of the line will be the first it hears."""
        self.meter.session_begins()
        self.clock.session_begins(held_ms=held_ms)
        self._looks_without_audio = 0
        self.is_over = False

    def begin(self) -> None:
        """The session has started: greet, or go on where an earlier one of this call was cut."""
        self._ask_for(Purpose.RESUME if self._brief.goes_on else Purpose.GREETING)

    def lose(self) -> None:
        """Nothing comes any more of this session: give up what was waited for."""
        self._broke_off = self._speech.is_open
        self._turns.finish()
        self._speech.session_begins()
        self.outbox.take_frames()
        self._owed.has_words = self._owed.has_words or self._task.is_open
        self._task.session_begins()

    def resume(self) -> None:
        """A new session stands in for a lost one, and knows what was said."""
        if self.is_done:
            return
        caller_waits = self._turns.waits_since_ms is not None
        if caller_waits and self._goodbye.is_spoken_into:
            self._let_caller_add()
        if self._goodbye.outcome is not None:
            self._take_leave(self._goodbye.outcome)
            return
        owed, self._owed = self._owed, Owed()
        self._turns.waits_since_ms = self.clock.now_ms if caller_waits else None
        if not self._speech.has_begun and not self._brief.goes_on:
            self._ask_for(Purpose.GREETING)
        elif self._broke_off or caller_waits or owed.has_words:
            self._ask_for(Purpose.RESUME)
        elif owed.comment and not owed.keys:
            self._say(owed.comment)
        if owed.keys:
            self._tell_keys(owed.keys)

    # --- The line ---

    def caller_audio(self, audio: bytes, *, ahead_ms: int) -> bool:
        """Take the caller's audio; whether it is to be sent on."""
        is_wanted = self.clock.takes(audio, ahead_ms=ahead_ms)
        self._turns.pass_time()
        return is_wanted

    def line_stands_still(self, ms: int) -> None:
        """Silence stands in for a line that brings nothing."""
        self.clock.stand_in(ms)
        self._turns.pass_time()

    def look(self) -> None:
        """Do what is due; to be called four times a second. Raises SessionLost."""
        self._looks_without_audio += self.clock.now_ms > self._looked_at_ms
        self._looked_at_ms = self.clock.now_ms
        if self._speech.hears_silence and self._looks_without_audio >= SILENT_LOOKS:
            raise SessionLost("stalled", "The server sends no audio any more.")
        if self._looks_without_audio > 1 and self._speech.is_open:
            self._speech.hear_nothing(LOOK_MS)
            if not self._speech.is_open:
                self._utterance_ended()
        if self.is_done:
            return
        now_ms = self.clock.now_ms
        if self._goodbye.is_asked:
            if self._goodbye.is_overdue(now_ms) and not self._speech.is_open:
                self._end_goodbye()
            return
        waits_since_ms = self._turns.waits_since_ms
        if waits_since_ms is not None and now_ms - waits_since_ms >= ANSWER_WITHIN_MS:
            self._turns.waits_since_ms = None
            self._say(instructions.for_waiting())
        elif now_ms - self._lively_at_ms >= IDLE_MS:
            self._is_anybody_there = False
            self._take_leave(AgentOutcome.FINISHED)

    def caller_silent(self, times: int) -> None:
        """Ask a caller who does not answer; the third time take leave."""
        if self._is_leaving:
            return
        self._is_anybody_there = times < LAST_SILENCE
        if self._is_anybody_there:
            self._ask_for(Purpose.ASK)
        else:
            self._take_leave(AgentOutcome.FINISHED, must_end=False)

    def key_pressed(self, digit: str) -> None:
        """Tell the model, which answers."""
        if digit not in KEYS:
            return
        self._note_caller()
        if not self._is_leaving:
            self._record.key_pressed(digit)
            self._tell_keys(digit)

    def wrap_up(self) -> None:
        """The call's time is over; nothing when the agent takes leave already."""
        if not self._is_leaving:
            self._take_leave(AgentOutcome.TIME_LIMIT, must_end=False)

    def hang_up(self) -> None:
        """The caller is gone: end the session, and hear what it comes to."""
        self._is_closing = True
        self.outbox.send(commands.close)

    def close(self) -> None:
        """Nothing comes any more of the call."""
        self._is_closing = True
        self._speech.end()
        self._turns.finish()
        self.outbox.take_frames()

    # --- The server ---

    def receive(self, event: wire.Event | Ignored) -> None:
        """Take what the server says. Raises SessionLost when the session is of no use."""
        match event:
            case wire.OutputAudio():
                self._hear_agent(event.delta)
            case wire.OutputWords():
                self._speech.write(event)
            case wire.InputWords():
                self._hear_caller(event)
            case wire.UsageUpdated():
                self.meter.session_used(event.usage.seconds)
            case wire.SessionClosed():
                self._session_closed(event)
            case wire.ErrorOccurred():
                self._refused(event)
            case wire.SessionStarted() | Ignored():
                pass  # what it means to a call, other events say as well
            case _:
                self._task_goes_on(event)

    def _task_goes_on(self, event: wire.TaskEvent) -> None:
        was_open = self._task.is_open
        was_called = self._task.receive(event)
        if was_open and not self._task.is_open:
            self._owed.has_words = True
        if self._is_leaving:
            return  # its result is the goodbye, which is not to be said twice
        if was_called and (self.tools.ends_call or self.tools.wants_no_calls):
            self._take_leave(AgentOutcome.FINISHED)
        elif self._task.has_results:
            self._go_on_with_task()

    def _hear_agent(self, audio: bytes) -> None:
        self._looks_without_audio = 0
        if self.is_done or self._is_closing:
            return
        was_speaking = self._speech.is_open
        self._speech.hear(audio)
        if self._speech.is_heard:
            self._lively_at_ms, self._turns.waits_since_ms = self.clock.now_ms, None
            if not was_speaking:
                self._owed = Owed()
        elif was_speaking and not self._speech.is_open:
            self._utterance_ended()

    def _utterance_ended(self) -> None:
        if self._goodbye.utterance_ended(self.clock.now_ms):
            self._end_goodbye()

    def _end_goodbye(self) -> None:
        if not (self._turns.caller_speaks and self._let_caller_add()):
            self._leave()

    def _let_caller_add(self) -> bool:
        """Hear who still has something to say, once; whether it is not the end yet."""
        is_free = self._goodbye.outcome is AgentOutcome.FINISHED and not self.tools.wants_no_calls
        if not is_free or self._has_let_caller_add:
            return False
        self._has_let_caller_add = True
        self._take_goodbye_back()
        return True

    def _take_goodbye_back(self) -> None:
        self._goodbye.take_back()
        self._speech.says_last_words = False
        self._owed = Owed()
        if self._task.has_results:
            self._go_on_with_task()

    def _hear_caller(self, words: wire.InputWords) -> None:
        self._note_caller()
        self._goodbye.hear_caller(self.clock.at(words.end_ms))
        self._turns.hear(words, agent_speaks=self._speech.is_open)
        self._owed = Owed(has_words=self._owed.has_words)
        self.tools.streak = 0

    def _note_caller(self) -> None:
        """She says or presses something: a goodbye for her silence does not hold."""
        is_finishing = self._goodbye.outcome is AgentOutcome.FINISHED and not self.is_done
        if is_finishing and not (self._is_anybody_there or self.tools.wants_no_calls):
            self._take_goodbye_back()
        self._lively_at_ms = self.clock.now_ms
        self._is_anybody_there = True

    def _session_closed(self, event: wire.SessionClosed) -> None:
        self.meter.session_used(event.usage.seconds)
        self.is_over = True
        if not self._is_closing:
            raise loss_by_end(event.reason)

    def _refused(self, event: wire.ErrorOccurred) -> None:
        error = event.detail
        severity = judge(error)
        is_asked = bool(error.event_id) and error.event_id == self._asked_id
        if is_asked:
            self._owed = Owed(has_words=True)  # what it was told would be refused again
        if severity is Severity.RETRYABLE or is_asked:
            raise SessionLost(name_of(error))

    def _go_on_with_task(self) -> None:
        self._owed.has_words = True
        self._task.go_on()

    # --- Both ---

    @property
    def _is_leaving(self) -> bool:
        return self.is_done or self._goodbye.is_asked

    def _take_leave(self, outcome: AgentOutcome, *, must_end: bool = True) -> None:
        self._goodbye.ask(
            outcome,
            now_ms=self.clock.now_ms,
            is_speaking=self._speech.is_open,
            must_end=must_end,
        )
        self._speech.says_last_words = True
        self._ask_for(Purpose.WRAP_UP if outcome is AgentOutcome.TIME_LIMIT else Purpose.FAREWELL)

    def _leave(self) -> None:
        outcome = self._goodbye.outcome or AgentOutcome.FINISHED
        if self.tools.wants_no_calls:
            outcome = AgentOutcome.OPTED_OUT
        self.is_done = True
        self.outbox.tell(AgentDone(outcome=outcome))

    def _ask_for(self, purpose: Purpose) -> None:
        if purpose is Purpose.GREETING:
            self._say(instructions.for_first_words(self._brief))
            return
        words = words_for(
            purpose,
            self._brief,
            is_anybody_there=self._is_anybody_there,
            wants_no_calls=self.tools.wants_no_calls,
        )
        self._say(instructions.now_of(words))

    def _say(self, content: str) -> None:
        self._owed.comment = content
        self._asked_id = self.outbox.send(commands.comment, content)

    def _tell_keys(self, digits: str) -> None:
        self._owed.keys += digits
        keys = f"key {digits}" if len(digits) == 1 else f"keys {' '.join(digits)}"
        content = f"The caller pressed the {keys} on the telephone."
        self._asked_id = self.outbox.send(commands.comment, content)
