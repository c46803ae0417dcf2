"""One accepted media socket and the agent behind it: tasks, deadlines, and carrying out actions.

What to do is decided in `bridge.py`. Frames and events are taken when they come and decisions are
carried out at once, one after the other: nothing in the audio path waits, so their order is kept.
"""

import asyncio
import logging
from collections.abc import Iterable
from time import perf_counter
from typing import assert_never

from django.conf import settings

from agent.errors import AgentUnavailable
from agent.session import (
    AgentEvent,
    AgentFailed,
    AgentOutcome,
    CallerStopped,
    Utterance,
    UtteranceEnd,
)
from agent.wake import Wake
from telephony import actions as act
from telephony import agent_reports, media_stream, metrics
from telephony.actions import Action
from telephony.caller_line import CallerLine, DirectSocket, Receive, Send
from telephony.conversation_end import StreamEnd
from telephony.conversation_start import agent_for, bridge_for
from telephony.doing import Doer
from telephony.errors import FrameError
from telephony.frame_limits import FrameLimits
from telephony.journal import CallJournal
from telephony.models import Call
from telephony.pulse import pulse
from telephony.recorder import CallRecorder
from telephony.stream_facts import StreamFacts
from telephony.voice_watch import VoiceWatch

logger = logging.getLogger(__name__)

START_SECONDS = 5
SILENT_LINE_SECONDS = 60
HAND_OVER_SECONDS = 3  # for what agent and caller are saying; then it is cut off
MAX_AHEAD_MS = 5_000  # of the stream's clock; audio from further on would be recorded as a gap


class Conversation:
    """A call's caller and agent, from the accepted handshake to the closed socket."""

    def __init__(
        self, call: Call, receive: Receive, send: Send, direct: DirectSocket | None = None
    ) -> None:
        self._call = call  # a wide row: only until the agent is asked for
        self.call_id, self._call_sid = call.id, call.call_sid
        self._generation = call.stream_generation
        self._facts = StreamFacts.going_on(call.stream_facts)
        self._begins_at_ms = self._facts.handed_over_at_ms
        self._line = CallerLine(receive, send, direct)
        self._clock = asyncio.get_running_loop().time
        self._bridge = bridge_for(call, begins_at_ms=self._begins_at_ms)
        self._journal = CallJournal(call, facts=self._facts)
        self._recorder = CallRecorder(call.id)
        self._limits, self._voice = FrameLimits(), VoiceWatch()
        self._latest: bytes | None = None  # the caller's audio since the last tick
        self._started = Wake()
        self._over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._opened_at = self._started_at = self._last_heard_at = self._clock()
        self._doer = Doer(
            self._line,
            self._recorder,
            self._journal,
            self._facts,
            ms_open=lambda: int((self._clock() - self._opened_at) * 1_000),
            end=self._end,
        )
        self._in_hand: AgentEvent | None = None  # waits for a line that is slow
        self._outcome: AgentOutcome | None = None
        self._hands_over_by: float | None = None
        self._has_started = self._is_handed_over = False

    def hand_over(self) -> None:
        """End this stream at the next pause, and let the carrier open another elsewhere."""
        if self._hands_over_by is None:
            self._hands_over_by = self._clock() + HAND_OVER_SECONDS

    async def run(self) -> None:
        """Converse; ends with the outcome kept, the socket closed and the recording stored."""
        self._log(logging.INFO, "stream opened")
        keeping = asyncio.create_task(self._journal.keep())
        try:
            await self._converse()
        finally:
            await asyncio.shield(self._finish(keeping))

    async def _converse(self) -> None:
        """Listen, follow the agent and keep time until it is over."""
        tasks = [asyncio.create_task(part) for part in (self._listen(), self._follow_agent())]
        try:
            with pulse().calling(self._tick):
                await asyncio.wait([*tasks, self._over], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                self._break_off(error)

    def _end(self, outcome: AgentOutcome) -> None:
        self._outcome = outcome
        self._stop()

    def _stop(self) -> None:
        if not self._over.done():
            self._over.set_result(None)

    def _break_off(self, error: Exception) -> None:
        """End the stream because of what nobody expected."""
        self._log(logging.ERROR, "stream broke", error=error)
        self._stop()

    async def _listen(self) -> None:
        self._line.listen(self._take_text)
        while self._outcome is None:
            try:
                text = await self._line.text()
                if text is None:
                    self._do(self._bridge.line_stopped(now_ms=self._now_ms()))
                    return
            except FrameError as error:
                self._count_bad_frame(error)
            else:
                self._take_text(text)

    def _take_text(self, text: str | bytes) -> bool:
        """Take a frame; False when it is over."""
        if self._over.done():
            return False
        try:
            frame = media_stream.read_frame(text)
            if isinstance(frame, media_stream.CallerAudio):  # 50 times a second
                self._hear(frame)
            else:
                self._take_frame(frame)
        except FrameError as error:
            self._count_bad_frame(error)
        except Exception as error:
            # The outermost end of this call: the server's socket is not to stumble over it.
            self._break_off(error)
        self._limits.taken += 1
        return True

    def _take_frame(self, frame: media_stream.Control) -> None:
        match frame:
            case media_stream.MarkReturned(name):
                self._do(self._bridge.mark_returned(name, now_ms=self._now_ms()))
            case media_stream.KeyPressed(digit):
                self._do(self._bridge.key_pressed(digit, now_ms=self._now_ms()))
            case media_stream.StreamStopped():
                self._do(self._bridge.line_stopped(now_ms=self._now_ms()))
            case media_stream.StreamStarted():
                self._begin(frame)
            case media_stream.Ignored():
                self._facts.ignored_frames += 1
            case _:
                assert_never(frame)

    def _hear(self, frame: media_stream.CallerAudio) -> None:
        if not self._has_started:
            raise FrameError("Audio before the start.")
        now = self._clock()
        if frame.timestamp_ms > (now - self._started_at) * 1_000 + MAX_AHEAD_MS:
            raise FrameError("Audio from the future.")
        self._last_heard_at = now
        self._latest = audio = frame.audio
        self._recorder.caller(frame.timestamp_ms, audio)
        self._doer.tell_agent_audio(audio)

    def _begin(self, start: media_stream.StreamStarted) -> None:
        is_ours = start.fits(call_sid=self._call_sid, account_sid=settings.TWILIO_ACCOUNT_SID)
        if self._has_started or not is_ours:
            self._give_up("stream start does not fit the call")
            return
        self._line.begin(start.stream_sid)
        self._started_at = self._last_heard_at = self._clock()
        self._has_started = True
        self._started.set()

    def _count_bad_frame(self, error: FrameError) -> None:
        self._facts.bad_frames += 1
        if self._facts.bad_frames == 1:
            self._log(logging.WARNING, "bad frame", detail=str(error))
        if self._limits.is_garbage():
            self._give_up("too many bad frames")

    def _give_up(self, reason: str) -> None:
        """End the stream because of what the line sends."""
        self._log(logging.WARNING, reason)
        self._end(AgentOutcome.FAILED)

    async def _follow_agent(self) -> None:
        """Open the agent's session at once; what it says goes out once the stream has started."""
        opening = agent_for(self._call)
        del self._call
        try:
            agent = await opening
        except (AgentUnavailable, TimeoutError) as error:
            agent_reports.note_failure(self._facts, error)
            self._log(logging.WARNING, "agent not available", detail=str(error) or "not in time")
            return
        self._bridge.agent_opened(agent.capabilities, unheard_ms=self._doer.agent_opened(agent))
        await self._started.wait()
        agent.listen(self._offered_event)
        async for event in agent.events():
            self._in_hand = event
            await self._line.drained()
            if self._over.done():
                return
            self._in_hand = None
            self._take_event(event)
        self._take_event(AgentFailed(code="ended_early"))
        # The goodbye is still in the caller's ear: its last mark, or its deadline, decides.
        await self._over

    def _offered_event(self, event: AgentEvent) -> bool:
        """Take it unless it has to wait: for a line that is slow, or for what is being done."""
        if self._over.done() or self._doer.is_busy or self._line.is_congested:
            return False
        try:
            if isinstance(event, Utterance):  # 50 times a second
                now_ms = int((self._clock() - self._started_at) * 1_000)
                self._doer.do(self._bridge.agent_audio(event, now_ms=now_ms))
            else:
                self._take_event(event)
        except Exception as error:
            # The outermost end of this call: the agent is not to stumble over it.
            self._break_off(error)
        return True

    def _take_event(self, event: AgentEvent) -> None:
        if isinstance(event, AgentFailed) and not (self._over.done() or self._bridge.takes_leave):
            agent_reports.note_failure(self._facts, event)  # also when we say goodbye in its place
            self._log(logging.WARNING, "agent failed", code=event.code)
        began_at = perf_counter()  # the loop's own clock stands still until it turns
        actions = self._bridge.agent_event(event, now_ms=self._now_ms())
        self._do(actions)
        if act.SendClear() in actions:
            took_s = perf_counter() - began_at
            self._facts.barged_in(took_s)
            metrics.BARGE_IN.observe(took_s)

    def _tick(self) -> None:
        try:
            self._keep_time()
        except Exception as error:
            # The outermost end of this call: the clock is everybody's.
            self._break_off(error)

    def _keep_time(self) -> None:
        if self._over.done():
            return
        now = self._clock()
        patience = SILENT_LINE_SECONDS if self._has_started else START_SECONDS
        if now - self._last_heard_at > patience:
            self._log(logging.WARNING, "line is silent")
            self._stop()
            return
        if self._limits.is_flood(seconds=now - self._opened_at):
            self._give_up("too many frames")
            return
        self._recorder.keep_up()
        if self._has_started and not self._line.is_congested:
            self._watch_voice()
            if due := self._bridge.tick(now_ms=self._now_ms()):
                self._do(due)
        if self._may_be_handed_over and self._bridge.takes_leave:
            self._do(self._bridge.line_stopped(now_ms=self._now_ms()))
        elif self._may_be_handed_over:
            # Decided here: nothing that still comes is taken, and makes it a failure.
            self._is_handed_over = True
            self._stop()

    @property
    def _may_be_handed_over(self) -> bool:
        if self._hands_over_by is None or self._over.done():
            return False
        return self._bridge.is_quiet(now_ms=self._now_ms()) or self._clock() > self._hands_over_by

    def _watch_voice(self) -> None:
        audio, self._latest = self._latest, None
        agent = self._doer.agent
        if agent is None or agent.capabilities.watches_silence or audio is None:
            return
        if self._voice.hears_voice(audio):
            self._bridge.voice_heard(now_ms=self._now_ms())

    def _do(self, actions: Iterable[Action]) -> None:
        self._doer.do(actions)
        self._journal.agent_says(self._bridge.being_said)

    async def _finish(self, keeping: "asyncio.Task[None]") -> None:
        is_handed_over = self._is_handed_over and not self._line.is_gone
        outcome = None if is_handed_over else self._outcome or AgentOutcome.FAILED
        self._journal.end()
        self._keep_words(self._in_hand)
        self._do(self._bridge.line_stopped(now_ms=self._now_ms()))
        self._facts.has_introduced_itself |= self._bridge.awaits_words
        self._recorder.reach(self._journal.agent_spoke_until_ms)
        self._facts.handed_over_at_ms = self._begins_at_ms + self._recorder.length_ms
        self._facts.fillers += self._bridge.fillers
        await StreamEnd(
            call_id=self.call_id,
            generation=self._generation,
            outcome=outcome,
            facts=self._facts,
            line=self._line,
            close_agent=self._close_agent,
            report=lambda: None if self._doer.agent is None else self._doer.agent.report(),
            journal=self._journal,
            journal_keeping=keeping,
            recorder=self._recorder,
            log=self._log,
        ).finish()
        await self._line.close()
        self._stop()
        del self._doer.tell_agent_audio, self._doer  # both refer back
        self._log(logging.INFO, "stream closed", outcome=outcome or "handed over")

    async def _close_agent(self) -> None:
        if (agent := self._doer.agent) is None:
            return
        await agent.close()
        async for event in agent.events():
            self._keep_words(event)

    def _keep_words(self, event: AgentEvent | None) -> None:
        if isinstance(event, CallerStopped | UtteranceEnd):  # what was said last
            self._do(self._bridge.agent_event(event, now_ms=self._now_ms()))

    def _now_ms(self) -> int:
        return int((self._clock() - self._started_at) * 1_000)

    def _log(
        self, level: int, event: str, *, error: Exception | None = None, **fields: str
    ) -> None:
        extra = {"call_sid": self._call_sid, "call": str(self.call_id), **fields}
        logger.log(level, event, exc_info=error, extra=extra)
