"""One call with the Realtime API: events of its server and of the line in, both sides' out. Pure.

No socket, no clock: time is the caller's audio. Whoever owns the socket empties the outbox after
every method but `agent_audio`.

    greeting ──> turns: the server hears the caller and answers ──> farewell or wrap-up ──> done
"""

import logging
from collections.abc import Sequence

from agent import instructions
from agent.backends import realtime_commands as commands
from agent.backends import realtime_events as wire
from agent.backends.realtime_commands import SessionOptions
from agent.backends.realtime_failures import Severity, judge, name_of, severity_of
from agent.backends.realtime_outbox import Outbox
from agent.backends.realtime_record import BYTES_PER_MS, KEYS, Record
from agent.backends.realtime_responses import Purpose, ResponseSequencer
from agent.backends.realtime_speech import AgentSpeech
from agent.backends.realtime_tools import Toolbox
from agent.backends.realtime_usage import UsageMeter
from agent.backends.realtime_wording import words_for
from agent.brief import CallBrief
from agent.errors import SessionLost, SessionRefused
from agent.session import AgentDone, AgentOutcome, CallerPaused, CallerStarted, Heard, Utterance

logger = logging.getLogger(__name__)

MAX_FAILED_ANSWERS = 2
MAX_BUSY_ANSWERS = 20
MAX_CUT_FAREWELLS = 1
LAST_SILENCE = 3


class RealtimeDialogue:
    """What is said on one call, and what becomes of it."""

    def __init__(self, brief: CallBrief, *, options: SessionOptions, voice: str) -> None:
        self.outbox = Outbox()
        self.tools = Toolbox(outbound=brief.outbound)
        self.meter = UsageMeter(
            model=options.model, transcription_model=options.transcription_model
        )
        self._brief, self._options, self._voice = brief, options, voice
        self._record = Record()
        self._speech = AgentSpeech(self._record, self.outbox)
        self._sequencer = ResponseSequencer()
        self._muted: set[str] = set()
        self._taken_bytes = self._session_began_ms = 0
        self._failed_answers = self._busy_answers = self._cut_farewells = 0
        self._caller_speaks = self._caller_waits = self._answer_is_audible = False
        self._is_anybody_there = True
        self._is_farewell_for_silence = False  # the one that was asked for last
        self._asked_id = ""
        self._is_wrapping_up = self._is_done = False

    @property
    def now_ms(self) -> int:
        """How much audio the caller's line has brought."""
        return self._taken_bytes // BYTES_PER_MS

    @property
    def awaits_words(self) -> bool:
        """Whether the caller has said something that may still be written down."""
        return bool(self._record.open_turns)

    def configure(self) -> None:
        """Set up a session; to be sent before anything else."""
        self.outbox.send(
            commands.configure,
            options=self._options,
            instructions=instructions.for_call(self._brief),
            voice=self._voice,
            language=self._brief.language,
            outbound=self._brief.outbound,
        )

    def begin(self) -> None:
        """The session is ready: greet, or go on where an earlier one of this call was cut."""
        self._ask_for(Purpose.RESUME if self._brief.goes_on else Purpose.GREETING)

    def resume(self, *, held_ms: int) -> None:
        """A new session stands in for a lost one: it is told what was said, and goes on.

        The last `held_ms` of the caller's audio were held back and will be the first it gets.
        """
        owed = self._sequencer.owed(caller_waits=self._caller_waits)
        self.close()
        self._sequencer = ResponseSequencer()
        self._caller_speaks = self._answer_is_audible = False
        self._failed_answers = 0
        self._session_began_ms = self.now_ms - held_ms
        if self._is_closing:
            self.outbox.send(commands.stop_answering, options=self._options)
        if lines := self._record.lines():
            self.outbox.send(commands.add_context, instructions.so_far(lines))
        if self._is_wrapping_up and not self._is_done:
            self._ask_for(Purpose.WRAP_UP)
        elif not self._is_done and not self._speech.has_begun:
            self.begin()
        elif not self._is_done and owed is not None:
            self._ask_for(owed)

    # --- The line ---

    def caller_audio(self, audio: bytes) -> None:
        """Count the caller's audio: it is the clock."""
        self._taken_bytes += len(audio)
        if self._speech.unreported:
            self._speech.settle()
        if self._record.open_turns:
            self._settle_turns()

    def interrupted(self, heard: Sequence[Heard]) -> None:
        """The line plays no more of these."""
        for part in heard:
            response_id = self._speech.cut(part)
            if response_id is not None:
                self._stop(response_id)

    def caller_silent(self, times: int) -> None:
        """Ask a caller who does not answer; the third time take leave."""
        if self._is_closing:
            return
        self._is_anybody_there = times < LAST_SILENCE
        self._ask_for(Purpose.ASK if self._is_anybody_there else Purpose.FAREWELL)

    def key_pressed(self, digit: str) -> None:
        """Tell the model, which answers; a goodbye for silence does not hold."""
        if digit not in KEYS or self._is_closing:
            return
        if not self._is_anybody_there:
            self._caller_waits = self._is_anybody_there = True
            self._sequencer.drop_waiting()
            if self._sequencer.active and self._sequencer.active.purpose is Purpose.FAREWELL:
                self._stop(self._sequencer.active.response_id)
        self._record.key_pressed(digit)
        self.outbox.send(commands.add_context, f"The caller pressed the key {digit}.")
        self._ask_for(Purpose.GO_ON)

    def wrap_up(self) -> None:
        """The call's time is over: nothing else is said any more, and nobody interrupts it."""
        if self._is_closing:
            return
        self._is_wrapping_up = True
        self.outbox.send(commands.stop_answering, options=self._options)
        if self._sequencer.active is not None:
            self._stop(self._sequencer.active.response_id)
        self._ask_for(Purpose.WRAP_UP)

    def hang_up(self) -> None:
        """The caller is gone; what she was saying is still to be written down."""
        if self._caller_speaks:
            self.outbox.send(commands.commit_audio)

    def close(self) -> None:
        """Nothing comes any more of this session: give up what was waited for."""
        self._speech.end_answer()
        self.outbox.take_frames()
        self.outbox.tell(*self._record.finished_turns(self.now_ms, all_of_them=True))

    # --- The server ---

    def agent_audio(self, delta: wire.AudioDelta) -> Utterance | None:
        """What the line is to play of this audio: nothing else follows from it."""
        if self._is_done or delta.response_id in self._muted:
            self._speech.withhold(delta)
            return None
        self._answer_is_audible = True
        return self._speech.say(delta)

    def receive(self, event: wire.Event | wire.Ignored) -> None:
        """Take whatever else the server says. Raises SessionLost when the session is of no use."""
        match event:
            case wire.TranscriptDelta() | wire.TranscriptDone():
                self._speech.write(event)
            case wire.OutputItemDone():
                self._item_done(event.item, event.response_id)
            case wire.ResponseCreated():
                self._answer_begins(event.response)
            case wire.ResponseDone():
                self._answer_ends(event.response)
            case wire.ErrorOccurred():
                self._refused(event.error)
            case wire.TurnEvent():
                self._caller_speaks_up(event)
            case _:
                pass  # what it means to a call, other events say as well

    def _caller_speaks_up(self, event: wire.TurnEvent) -> None:
        match event:
            case wire.SpeechStarted():
                self._turn_starts(event.item_id, self._session_began_ms + event.audio_start_ms)
            case wire.SpeechStopped():
                self._turn_stops(event.item_id, self._session_began_ms + event.audio_end_ms)
            case wire.TurnTranscribed():
                spoken_ms = self._record.turn_written(event.item_id, event.transcript)
                self.meter.add_transcription(event.usage, spoken_ms=spoken_ms)
            case wire.TranscriptionFailed():
                self._record.turn_written(event.item_id, "")
        self._settle_turns()

    def _turn_starts(self, item_id: str, at_ms: int) -> None:
        self._record.turn_started(item_id, at_ms)
        self._caller_speaks = self._caller_waits = self._is_anybody_there = True
        if self._is_closing:
            return  # the last words are said to their end
        self.tools.streak = 0
        self._sequencer.drop_waiting()
        if self._sequencer.active is not None:
            # The server stops this answer by itself; what is on its way is not to be heard.
            self._muted.add(self._sequencer.active.response_id)
        self.outbox.tell(CallerStarted(at_ms=at_ms))

    def _turn_stops(self, item_id: str, at_ms: int) -> None:
        self._record.turn_stopped(item_id, at_ms)
        self._caller_speaks = False
        if not self._is_closing:
            self.outbox.tell(CallerPaused(at_ms=at_ms))

    def _settle_turns(self) -> None:
        self.outbox.tell(*self._record.finished_turns(self.now_ms))

    def _item_done(self, item: wire.Item, response_id: str) -> None:
        if item.type != "function_call":
            self._speech.end_item(item.id)
            return
        answer = self.tools.take(item, was_cut=response_id in self._muted)
        if answer is not None:
            self.outbox.send(commands.answer_tool, *answer)

    def _answer_begins(self, response: wire.Response) -> None:
        if not self._sequencer.created(response.id, response.metadata):
            return
        self._answer_is_audible = False
        self.tools.answer_begins()
        purpose = Purpose.of(response.metadata)
        comes_late = self._is_done or (self._is_wrapping_up and purpose is not Purpose.WRAP_UP)
        talks_over = self._caller_speaks and not self._is_closing
        is_silence_over = self._is_farewell_for_silence and self._is_anybody_there
        if comes_late or talks_over or (is_silence_over and purpose is Purpose.FAREWELL):
            self._stop(response.id)
        else:
            self._caller_waits = False

    def _answer_ends(self, response: wire.Response) -> None:
        active = self._sequencer.active
        if active is None or active.response_id != response.id:
            return
        self.meter.add_response(response.usage)
        self._speech.end_answer(response.id)
        self._create(self._sequencer.done(response.id))
        if response.status == "cancelled" or response.id in self._muted:
            self._was_cut(active.purpose)
        elif response.status == "failed" or (
            response.status == "incomplete" and not self._answer_is_audible
        ):
            self._failed(active.purpose, response)
        else:
            self._failed_answers = 0
            self._was_said(active.purpose)

    def _was_said(self, purpose: Purpose) -> None:
        if purpose is Purpose.WRAP_UP:
            self._leave(AgentOutcome.TIME_LIMIT)
        elif self._is_closing:
            return
        elif purpose is Purpose.FAREWELL or (self.tools.ends_call and self._answer_is_audible):
            self._leave(AgentOutcome.FINISHED)
        elif self.tools.ends_call or self.tools.wants_no_calls:
            self._ask_for(Purpose.FAREWELL)
        elif self.tools.is_stuck:
            raise SessionRefused("tool_loop")
        elif self.tools.was_called:
            self._ask_for(Purpose.GO_ON)

    def _was_cut(self, purpose: Purpose) -> None:
        """Who still has something to say is heard, once; then the farewell counts as said."""
        if purpose is Purpose.FAREWELL and not (self._is_closing or self._is_farewell_for_silence):
            self._cut_farewells += 1
            if self._cut_farewells > MAX_CUT_FAREWELLS:
                self._leave(AgentOutcome.FINISHED)

    def _failed(self, purpose: Purpose, response: wire.Response) -> None:
        error = response.status_details.error if response.status_details else None
        logger.warning("agent answer failed", extra={"code": name_of(error)})
        if error is not None and severity_of(error) is Severity.FATAL:
            raise SessionRefused(name_of(error))
        self._failed_answers += 1
        if self._failed_answers >= MAX_FAILED_ANSWERS:
            raise SessionLost(name_of(error))
        if self._answer_is_audible and not self._is_closing:
            self._ask_for(Purpose.RESUME)  # it broke off in the middle of a sentence
        else:
            self._ask_for(Purpose.GO_ON if purpose is Purpose.TURN else purpose)

    def _refused(self, error: wire.ErrorDetail) -> None:
        severity = judge(error)
        if severity is Severity.BUSY:
            self._busy_answers += 1
            if self._busy_answers > MAX_BUSY_ANSWERS:
                raise SessionLost(name_of(error))
            is_silence_over = self._is_farewell_for_silence and self._is_anybody_there
            self._create(self._sequencer.refused_as_busy(is_farewell_over=is_silence_over))
        elif severity is Severity.RETRYABLE or error.event_id == self._asked_id:
            raise SessionLost(name_of(error))

    # --- Both ---

    @property
    def _is_closing(self) -> bool:
        """Whether the last words are being said."""
        return self._is_done or self._is_wrapping_up

    def _leave(self, outcome: AgentOutcome) -> None:
        if self._is_done:
            return
        if not self._is_wrapping_up:
            self.outbox.send(commands.stop_answering, options=self._options)
        self._is_done = True
        if self.tools.wants_no_calls:
            outcome = AgentOutcome.OPTED_OUT
        self.outbox.tell(AgentDone(outcome=outcome))

    def _stop(self, response_id: str) -> None:
        """Stop an answer, unless it is over or the server stops it by itself."""
        if self._sequencer.is_active(response_id) and response_id not in self._muted:
            self._muted.add(response_id)
            self.outbox.send(commands.cancel_response, response_id)

    def _ask_for(self, purpose: Purpose) -> None:
        self._create(self._sequencer.request(purpose))

    def _create(self, purpose: Purpose | None) -> None:
        if purpose is None:
            return
        if purpose is Purpose.FAREWELL:
            self._is_farewell_for_silence = not self._is_anybody_there
        self._asked_id = self.outbox.send(
            commands.create_response,
            purpose=purpose.label,
            instructions=words_for(
                purpose,
                self._brief,
                is_anybody_there=self._is_anybody_there,
                wants_no_calls=self.tools.wants_no_calls,
            ),
            may_call_tools=purpose is Purpose.GO_ON,
        )
