"""One call with the Live API: its socket, its tasks and its deadlines.

What is said is decided in `live_dialogue`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence

from agent.backends.live_clock import FRAME_MS, MISSING_AFTER_MS, silence
from agent.backends.live_commands import append_audio
from agent.backends.live_dialogue import LOOK_MS, LiveDialogue
from agent.backends.live_events import Event
from agent.backends.live_socket import LiveAddress, LiveSocket
from agent.backends.live_usage import LivePrice
from agent.backends.realtime_events import Ignored, is_base64
from agent.backends.realtime_record import BYTES_PER_MS, decoded_length
from agent.errors import SessionLost
from agent.event_line import EventLine
from agent.session import AgentEvent, AgentFailed, AgentReport, Capabilities, Heard
from agent.wake import Wake

logger = logging.getLogger(__name__)

RECONNECT_SECONDS = 2.0
LAST_WORD_SECONDS = 0.6
LOOK_SECONDS = LOOK_MS / 1_000
JUST_BEGUN_SECONDS = 0.1  # what comes now has waited for the session
HELD_FRAMES = 100  # 2 s of the caller
MAX_WAITING_EVENTS = 20_000
LONGEST_STAND_IN_MS = 1_000  # at a time: a process that stood still has not to make up for it


class LiveSession:
    """One call: a dialogue, the socket behind it, and one more socket if the first is lost."""

    def __init__(
        self, dialogue: LiveDialogue, *, address: LiveAddress, prices: Sequence[LivePrice]
    ) -> None:
        self._dialogue = dialogue
        self._address = address
        self._prices = prices
        self._loop = asyncio.get_running_loop()
        self._events = EventLine()
        self._frames: list[str] = []
        self._held: list[str] = []
        self._has_work = Wake()
        self._is_over = Wake()  # the server has closed the session
        self._socket: LiveSocket | None = None
        self._conversation: asyncio.Task[None] | None = None
        self._looking: asyncio.TimerHandle | None = None
        self._began_at = self._heard_at = self._loop.time()
        self._sent_ms = 0
        self._malformed = self._dropped = self._unreadable = 0
        self._is_closed = False
        self._is_congested = False  # once it was, all audio waits for the server in the task

    @property
    def capabilities(self) -> Capabilities:
        # Of a silent caller the model takes no notice: it speaks when it has something to say.
        return Capabilities(interrupts_itself=True, paces_audio=True, watches_silence=False)

    async def open(self) -> None:
        """Connect and start, at the second try if need be. Raises SessionLost."""
        try:
            self._socket = await self._connect()
        except SessionLost as error:
            if not error.retryable:
                raise
            self._socket = await self._connect()
        self._started()
        self._dialogue.begin()
        self._hand_over()
        self._conversation = asyncio.create_task(self._converse())
        self._looking = self._loop.call_later(LOOK_SECONDS, self._look)

    def send_audio(self, payload: str) -> None:
        if self._is_closed:
            return
        if not is_base64(payload):
            self._malformed += 1
            return
        self._heard_at = self._loop.time()
        ahead_ms = self._sent_ms - int((self._heard_at - self._began_at) * 1_000)
        if self._heard_at - self._began_at < JUST_BEGUN_SECONDS:
            self._dialogue.clock.is_ahead(ahead_ms)
        is_wanted = self._dialogue.caller_audio(payload, ahead_ms=ahead_ms)
        self._hand_over()
        if is_wanted:
            self._send_audio(payload)

    def utterance_played(self, utterance_id: str) -> None:
        """The model takes for granted that it was heard."""

    def interrupted(self, heard: Sequence[Heard]) -> None:
        """The model interrupts itself."""

    def caller_silent(self, times: int) -> None:
        self._dialogue.caller_silent(times)
        self._hand_over()

    def key_pressed(self, digit: str) -> None:
        self._dialogue.key_pressed(digit)
        self._hand_over()

    def wrap_up(self) -> None:
        self._dialogue.wrap_up()
        self._hand_over()

    def report(self) -> AgentReport:
        meter, tools = self._dialogue.meter, self._dialogue.tools
        message = tools.message
        return AgentReport(
            usage=meter.totals(),
            cost_usd=meter.cost_usd(self._prices),
            caller_name=(message and message.caller_name) or "",
            reason=message.reason if message else "",
            urgency=message.urgency if message else "",
            callback_number=(message and message.callback_number) or "",
            wants_no_calls=tools.wants_no_calls,
        )

    def listen(self, take: Callable[[AgentEvent], bool]) -> None:
        self._events.listen(take)

    def events(self) -> AsyncIterator[AgentEvent]:
        return self._events.events()

    async def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        if self._looking is not None:
            self._looking.cancel()
        await self._wait_for_the_bill()
        if self._conversation is not None:
            self._conversation.cancel()
            await asyncio.gather(self._conversation, return_exceptions=True)
        self._dialogue.close()
        self._hand_over()
        self._events.end()
        await self._drop_socket()
        if self._malformed or self._dropped:
            extra = {"malformed": self._malformed, "dropped": self._dropped}
            logger.warning("caller audio was lost", extra=extra)
        if self._unreadable:
            extra = {"events": self._unreadable}
            logger.warning("agent server sent what cannot be read", extra=extra)

    async def _wait_for_the_bill(self) -> None:
        """The server tells what the session comes to when it is asked to end it."""
        if self._conversation is None or self._conversation.done() or self._socket is None:
            return
        self._dialogue.hang_up()
        self._hand_over()
        try:
            async with asyncio.timeout(LAST_WORD_SECONDS):
                await self._is_over.wait()
        except TimeoutError:
            return  # what it told last counts

    async def _connect(self) -> LiveSocket:
        socket = await LiveSocket.open(self._address)
        try:
            self._dialogue.start()
            session = await socket.start(self._dialogue.outbox.take_frames())
        except BaseException:
            await asyncio.shield(socket.close())
            raise
        logger.info("agent session opened", extra={"agent_session": session.id})
        return socket

    def _started(self) -> None:
        held_ms = sum(decoded_length(payload) for payload in self._held) // BYTES_PER_MS
        self._began_at, self._sent_ms = self._loop.time(), 0
        self._dialogue.started(held_ms=held_ms)

    async def _converse(self) -> None:
        """Follow the session to its end; a lost one is replaced once."""
        try:
            try:
                await self._follow()
            except SessionLost as error:
                if not error.retryable or self._is_closed or self._dialogue.is_done:
                    raise
                logger.warning("agent session lost, trying another", extra={"code": error.code})
                await self._replace()
                await self._follow()
        except SessionLost as error:
            self._fail(error.code)
        except TimeoutError:
            self._fail("connection_lost")
        except Exception:
            # The outermost end of the agent's part: whatever it is, the caller is to be recorded.
            logger.exception("agent session broke")
            self._fail("internal")

    async def _follow(self) -> None:
        socket = self._socket
        if socket is None:
            raise SessionLost("closed")
        sending = asyncio.create_task(self._send_all(socket))
        try:
            await socket.follow(self._receive)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    def _receive(self, event: Event | Ignored) -> None:
        self._dialogue.receive(event)
        self._hand_over()
        if self._dialogue.is_over:
            self._is_over.set()
        if len(self._events) > MAX_WAITING_EVENTS:
            raise SessionLost("overrun")

    def _look(self) -> None:
        """Four times a second: what is due, and silence for a line that brings none."""
        self._looking = self._loop.call_later(LOOK_SECONDS, self._look)
        socket = self._socket
        if socket is None or self._conversation is None or self._conversation.done():
            return
        now = self._loop.time()
        if now - self._heard_at >= MISSING_AFTER_MS / 1_000:
            missing_ms = int((now - self._began_at) * 1_000) - self._sent_ms
            missing_ms = min(missing_ms, LONGEST_STAND_IN_MS) // FRAME_MS * FRAME_MS
            if missing_ms > 0:
                self._dialogue.line_stands_still(missing_ms)
                self._send_audio(silence(missing_ms))
        try:
            self._dialogue.look()
        except Exception as error:
            # It ends the agent's part as it does elsewhere, not the callback of the loop.
            socket.lose(error)
        self._hand_over()

    def _send_audio(self, payload: str) -> None:
        if not self._send_at_once(payload):
            self._hold(payload)

    def _hold(self, payload: str) -> None:
        """Keep audio for the sender's task, the latest."""
        if len(self._held) == HELD_FRAMES:
            self._dropped += 1
            del self._held[0]
        self._held.append(payload)
        self._has_work.set()

    def _send_at_once(self, payload: str) -> bool:
        """Spare audio the way through the sender's task, unless others wait there before it."""
        if self._socket is None or self._frames or self._held or self._is_congested:
            return False
        try:
            self._is_congested = not self._socket.send_at_once(append_audio(payload))
        except SessionLost:
            return False  # the reader notices it as well
        self._sent_ms += decoded_length(payload) // BYTES_PER_MS
        return True

    async def _send_all(self, socket: LiveSocket) -> None:
        """Send what there is, steering before audio; a lost socket is the reader's to notice."""
        while True:
            while self._frames:
                await socket.send(self._frames.pop(0))
            if self._held:
                payload = self._held.pop(0)
                self._sent_ms += decoded_length(payload) // BYTES_PER_MS
                await socket.send(append_audio(payload))
                continue
            self._has_work.clear()
            await self._has_work.wait()

    async def _replace(self) -> None:
        """Another session in the place of a lost one."""
        self._dialogue.lose()
        self._hand_over()
        await self._drop_socket()
        async with asyncio.timeout(RECONNECT_SECONDS):
            self._socket = await self._connect()
        self._frames.clear()
        self._started()
        self._dialogue.resume()
        self._hand_over()

    async def _drop_socket(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            self._unreadable += socket.unreadable
            await socket.close()

    def _hand_over(self) -> None:
        """Take what the dialogue has to give away to where it belongs."""
        outbox = self._dialogue.outbox
        if outbox.events:
            self._events.put(*outbox.take_events())
        if outbox.frames:
            self._frames.extend(outbox.take_frames())
            self._has_work.set()

    def _fail(self, code: str) -> None:
        if self._is_closed:  # the server has gone because it was told to
            self._is_over.set()
            return
        self._dialogue.close()
        self._hand_over()
        self._events.put(AgentFailed(code=code))
        self._events.end()
        self._is_over.set()
