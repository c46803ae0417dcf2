"""One accepted media socket and the agent behind it: tasks, deadlines, and carrying out actions.

What to do is decided in `bridge.py`. The audio path awaits nothing but the sockets.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, assert_never

from channels.db import database_sync_to_async
from django.conf import settings

from accounts.row_security import in_service_scope
from agent.backends.base import get_backend as get_agent_backend
from agent.errors import AgentUnavailable
from agent.session import AgentFailed, AgentOutcome, AgentSession, CallerStopped
from telephony import bridge as act
from telephony import calls, media_stream, recording
from telephony.bridge import Action, Bridge
from telephony.errors import FrameError
from telephony.journal import CallJournal
from telephony.media_stream import (
    CallerAudio,
    FrameWriter,
    MarkReturned,
    StreamStarted,
    StreamStopped,
)
from telephony.models import Call
from telephony.recorder import CallRecorder

logger = logging.getLogger(__name__)

START_SECONDS = 5
SILENT_LINE_SECONDS = 60
AGENT_OPENING_SECONDS = 3.5  # the caller hears nothing meanwhile; more than 4 s is dead air
CLOSING_STEP_SECONDS = 2
TICK_SECONDS = 0.1
HELD_FRAMES = 100  # 2 s of the caller, while the agent's session opens
MAX_BAD_FRAMES = 20
FRAMES_AT_ONCE = 1_000  # a line that was stuck delivers late frames in one go
FRAMES_PER_SECOND = 200  # the caller's audio is 50; marks and keys come on top
MAX_AHEAD_MS = 5_000  # of the stream's clock; audio from further on would be recorded as a gap

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Conversation:
    """A call's caller and agent, from the accepted handshake to the closed socket."""

    def __init__(self, call: Call, receive: Receive, send: Send) -> None:
        self._call = call
        self._receive = receive
        self._send = send
        self._clock = asyncio.get_running_loop().time
        self._bridge = Bridge(max_call_ms=settings.MAX_CALL_SECONDS * 1_000)
        self._journal = CallJournal(call.id)
        self._recorder = CallRecorder(call.id)
        self._agent: AgentSession | None = None
        self._held: deque[str] = deque(maxlen=HELD_FRAMES)
        self._frames = FrameWriter("")
        self._started = asyncio.Event()
        self._opened_at = self._started_at = self._last_heard_at = self._clock()
        self._outcome: AgentOutcome | None = None
        self._line_is_gone = False
        self._frames_taken = self._bad_frames = 0

    async def run(self) -> None:
        """Converse; ends with the outcome kept, the socket closed and the recording stored."""
        self._log(logging.INFO, "stream opened")
        keeping = asyncio.create_task(self._journal.keep())
        try:
            await self._converse()
        finally:
            await asyncio.shield(self._finish(keeping))

    async def _converse(self) -> None:
        """Listen, follow the agent and keep time until one of the three says it is over."""
        tasks = [
            asyncio.create_task(part)
            for part in (self._listen(), self._follow_agent(), self._keep_time())
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                self._log(logging.ERROR, "stream broke", error=error)

    async def _listen(self) -> None:
        while self._outcome is None:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                self._line_is_gone = True
                await self._do(self._bridge.line_stopped(now_ms=self._now_ms()))
                return
            self._count_frame()
            try:
                await self._take(message.get("text"))
            except FrameError as error:
                self._count_bad_frame(error)

    async def _take(self, text: str | None) -> None:
        if text is None:
            raise FrameError("A binary frame.")
        frame = media_stream.read_frame(text)
        if isinstance(frame, CallerAudio):
            self._hear(frame)
        elif isinstance(frame, MarkReturned):
            await self._do(self._bridge.mark_returned(frame.name, now_ms=self._now_ms()))
        elif isinstance(frame, StreamStopped):
            await self._do(self._bridge.line_stopped(now_ms=self._now_ms()))
        elif isinstance(frame, StreamStarted):
            self._begin(frame)

    def _count_frame(self) -> None:
        self._frames_taken += 1
        seconds = self._clock() - self._opened_at
        if self._frames_taken > FRAMES_AT_ONCE + FRAMES_PER_SECOND * seconds:
            self._log(logging.WARNING, "too many frames")
            self._outcome = AgentOutcome.FAILED

    def _hear(self, audio: CallerAudio) -> None:
        if not self._started.is_set():
            raise FrameError("Audio before the start.")
        if audio.timestamp_ms > self._now_ms() + MAX_AHEAD_MS:
            raise FrameError("Audio from the future.")
        self._last_heard_at = self._clock()
        self._recorder.caller(audio.timestamp_ms, audio.payload)
        if self._agent is None:
            self._held.append(audio.payload)
        else:
            self._agent.send_audio(audio.payload)

    def _begin(self, start: StreamStarted) -> None:
        fits = (
            not self._started.is_set()
            and start.call_sid == self._call.call_sid
            and settings.TWILIO_ACCOUNT_SID in {"", start.account_sid}
            and start.is_mulaw_8k_mono
        )
        if not fits:
            self._log(logging.WARNING, "stream start does not fit the call")
            self._outcome = AgentOutcome.FAILED
            return
        self._frames = FrameWriter(start.stream_sid)
        self._started_at = self._last_heard_at = self._clock()
        self._started.set()

    def _count_bad_frame(self, error: FrameError) -> None:
        self._bad_frames += 1
        if self._bad_frames == 1:
            self._log(logging.WARNING, "bad frame", detail=str(error))
        if self._bad_frames > MAX_BAD_FRAMES:
            self._log(logging.WARNING, "too many bad frames")
            self._outcome = AgentOutcome.FAILED

    async def _follow_agent(self) -> None:
        """Open the agent's session at once; what it says goes out once the stream has started."""
        try:
            async with asyncio.timeout(AGENT_OPENING_SECONDS):
                brief = await in_service_scope(calls.brief_of, self._call)
                agent = await get_agent_backend().open_session(brief)
        except (AgentUnavailable, TimeoutError) as error:
            reason = str(error) or "no session in time"
            self._log(logging.WARNING, "agent not available", detail=reason)
            return
        for payload in self._held:
            agent.send_audio(payload)
        self._held.clear()
        self._agent = agent
        await self._started.wait()
        async for event in agent.events():
            if isinstance(event, AgentFailed):
                self._log(logging.WARNING, "agent failed", code=event.code)
            await self._do(self._bridge.agent_event(event, now_ms=self._now_ms()))
            if self._outcome is not None:
                return
        await self._do(
            self._bridge.agent_event(AgentFailed(code="ended_early"), now_ms=self._now_ms())
        )
        if self._outcome is None:
            # The goodbye is still in the caller's ear: its last mark, or its deadline, decides.
            await asyncio.Event().wait()

    async def _keep_time(self) -> None:
        while self._outcome is None:
            await asyncio.sleep(TICK_SECONDS)
            patience = SILENT_LINE_SECONDS if self._started.is_set() else START_SECONDS
            if self._clock() - self._last_heard_at > patience:
                self._log(logging.WARNING, "line is silent")
                return
            if self._started.is_set():
                await self._do(self._bridge.tick(now_ms=self._now_ms()))

    async def _do(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case act.SendAudio(payload):
                    await self._write(self._frames.media(payload))
                    self._recorder.agent(payload)
                case act.SendMark(name):
                    await self._write(self._frames.mark(name))
                case act.SendClear():
                    await self._write(self._frames.clear)
                    self._recorder.clear()
                case act.WriteLine():
                    self._journal.write(action)
                case act.CloseStream(outcome):
                    self._outcome = outcome
                case act.TellPlayed() | act.TellInterrupted() | act.TellWrapUp():
                    self._tell_agent(action)
                case _ as unknown:
                    assert_never(unknown)

    def _tell_agent(self, action: act.TellPlayed | act.TellInterrupted | act.TellWrapUp) -> None:
        if self._agent is None:
            return
        match action:
            case act.TellPlayed(utterance_id):
                self._agent.utterance_played(utterance_id)
            case act.TellInterrupted(heard):
                self._agent.interrupted(heard)
            case act.TellWrapUp():
                self._agent.wrap_up()

    async def _write(self, text: str) -> None:
        if not self._line_is_gone:
            await self._send({"type": "websocket.send", "text": text})

    async def _finish(self, keeping: "asyncio.Task[None]") -> None:
        """Hang up with everything kept: a step that fails does not stop those behind it.

        The carrier asks what comes next once the socket is closed, so a goodbye is kept before.
        A caller whom no agent heard out does not wait for the database: no outcome means that
        the carrier records her.
        """
        outcome = self._outcome or AgentOutcome.FAILED
        steps: list[Callable[[], Awaitable[None]]] = [
            self._close_agent,
            self._flush_journal,
            self._keep_outcome,
            self._hang_up,
        ]
        if outcome is AgentOutcome.FAILED:
            steps.insert(0, steps.pop())
        await self._do(self._bridge.line_stopped(now_ms=self._now_ms()))
        self._outcome = outcome
        written = asyncio.wrap_future(self._recorder.flush())
        for step in (*steps, lambda: written, self._store_audio):
            try:
                async with asyncio.timeout(CLOSING_STEP_SECONDS):
                    await step()
            except Exception as error:
                # The outermost end of a call: whatever it is, the rest is still to be kept.
                self._log(logging.ERROR, "end of stream incomplete", error=error)
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        self._log(logging.INFO, "stream closed", outcome=outcome.value)

    async def _close_agent(self) -> None:
        if self._agent is None:
            return
        await self._agent.close()
        async for event in self._agent.events():
            if isinstance(event, CallerStopped):  # what the caller said last
                await self._do(self._bridge.agent_event(event, now_ms=self._now_ms()))

    async def _flush_journal(self) -> None:
        await self._journal.flushed()

    async def _keep_outcome(self) -> None:
        await in_service_scope(
            calls.close_stream, self._call.id, self._outcome or AgentOutcome.FAILED
        )

    async def _hang_up(self) -> None:
        if not self._line_is_gone:
            await self._send({"type": "websocket.close", "code": 1000})

    async def _store_audio(self) -> None:
        await database_sync_to_async(recording.store_spooled)(self._call.id)

    def _now_ms(self) -> int:
        return int((self._clock() - self._started_at) * 1_000)

    def _log(
        self, level: int, event: str, *, error: Exception | None = None, **fields: str
    ) -> None:
        extra = {"call_sid": self._call.call_sid, "call": str(self._call.id), **fields}
        logger.log(level, event, exc_info=error, extra=extra)
