"""One call with the Realtime API: its socket, its tasks and its deadlines.

What is said is decided in `realtime_dialogue`.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence

from agent.backends.realtime_commands import append_audio
from agent.backends.realtime_dialogue import RealtimeDialogue
from agent.backends.realtime_events import AudioDelta, Event, Ignored, is_base64
from agent.backends.realtime_record import BYTES_PER_MS, decoded_length
from agent.backends.realtime_socket import Address, RealtimeSocket
from agent.backends.realtime_usage import Price
from agent.errors import SessionLost
from agent.event_line import EventLine
from agent.session import AgentEvent, AgentFailed, AgentReport, Capabilities, Heard
from agent.wake import Wake

logger = logging.getLogger(__name__)

RECONNECT_SECONDS = 2.0
LAST_WORDS_SECONDS = 0.6
HELD_FRAMES = 100  # 2 s of the caller
MAX_WAITING_EVENTS = 20_000


class RealtimeSession:
    """One call: a dialogue, the socket behind it, and one more socket if the first is lost."""

    def __init__(
        self, dialogue: RealtimeDialogue, *, address: Address, prices: Sequence[Price]
    ) -> None:
        self._dialogue = dialogue
        self._address = address
        self._prices = prices
        self._events = EventLine()
        self._frames: list[str] = []
        self._held: list[str] = []
        self._has_work = Wake()
        self._words_written = Wake()
        self._socket: RealtimeSocket | None = None
        self._conversation: asyncio.Task[None] | None = None
        self._malformed = self._dropped = 0
        self._is_closed = False
        self._is_congested = False  # once it was, all audio waits for the server in the task

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    async def open(self) -> None:
        """Connect and set up, at the second try if need be. Raises SessionLost."""
        try:
            self._socket = await self._connect()
        except SessionLost as error:
            if not error.retryable:
                raise
            self._socket = await self._connect()
        self._dialogue.begin()
        self._hand_over()
        self._conversation = asyncio.create_task(self._converse())

    def send_audio(self, payload: str) -> None:
        if self._is_closed:
            return
        if not is_base64(payload):
            self._malformed += 1
            return
        self._dialogue.caller_audio(payload)
        outbox = self._dialogue.outbox
        if outbox.events or outbox.frames:
            self._hand_over()
        if self._frames or self._held or self._is_congested or not self._send_at_once(payload):
            self._hold(payload)

    def utterance_played(self, utterance_id: str) -> None:
        """The model takes for granted that it was heard."""

    def interrupted(self, heard: Sequence[Heard]) -> None:
        self._dialogue.interrupted(heard)
        self._hand_over()

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
        await self._wait_for_last_words()
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

    async def _wait_for_last_words(self) -> None:
        """What the caller said last is often being written down when she hangs up."""
        if self._conversation is None or self._conversation.done() or self._socket is None:
            return
        self._dialogue.hang_up()
        self._words_written.clear()
        self._hand_over()
        try:
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                await self._words_written.wait()
        except TimeoutError:
            return  # the recording has them

    async def _connect(self) -> RealtimeSocket:
        socket = await RealtimeSocket.open(self._address)
        try:
            self._dialogue.configure()
            session = await socket.set_up(self._dialogue.outbox.take_frames())
        except BaseException:
            await asyncio.shield(socket.close())
            raise
        logger.info("agent session opened", extra={"agent_session": session.id})
        return socket

    async def _converse(self) -> None:
        """Follow the session to its end; a lost one is replaced once."""
        try:
            try:
                await self._follow()
            except SessionLost as error:
                if not error.retryable:
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
        if isinstance(event, AudioDelta):  # 50 times a second
            audio = self._dialogue.agent_audio(event)
            if audio is None or self._events.put_one(audio):
                return
        else:
            self._dialogue.receive(event)
            self._hand_over()
        if len(self._events) > MAX_WAITING_EVENTS:
            raise SessionLost("overrun")

    def _hold(self, payload: str) -> None:
        """Keep audio for the sender's task, the latest."""
        if len(self._held) == HELD_FRAMES:
            self._dropped += 1
            del self._held[0]
        self._held.append(payload)
        self._has_work.set()

    def _send_at_once(self, payload: str) -> bool:
        """Spare audio the way through the sender's task; False without a socket that takes it."""
        if self._socket is None:
            return False
        wire = self._socket.wire
        is_sent = wire.write(append_audio(payload))  # when it is gone, the reader notices it
        self._is_congested = wire.is_congested
        return is_sent

    async def _send_all(self, socket: RealtimeSocket) -> None:
        """Send what there is, steering before audio; a lost socket is the reader's to notice."""
        while True:
            while self._frames:
                await socket.send(self._frames.pop(0))
            if self._held:
                await socket.send(append_audio(self._held.pop(0)))
                continue
            self._has_work.clear()
            await self._has_work.wait()

    async def _replace(self) -> None:
        """Another session in the place of a lost one."""
        await self._drop_socket()
        async with asyncio.timeout(RECONNECT_SECONDS):
            self._socket = await self._connect()
        held_bytes = sum(decoded_length(payload) for payload in self._held)
        self._frames.clear()
        self._dialogue.resume(held_ms=held_bytes // BYTES_PER_MS)
        self._hand_over()

    async def _drop_socket(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()

    def _hand_over(self) -> None:
        """Take what the dialogue has to give away to where it belongs."""
        outbox = self._dialogue.outbox
        if outbox.events:
            self._events.put(*outbox.take_events())
        if outbox.frames:
            self._frames.extend(outbox.take_frames())
            self._has_work.set()
        if self._is_closed and not self._dialogue.awaits_words:
            self._words_written.set()

    def _fail(self, code: str) -> None:
        self._dialogue.close()
        self._hand_over()
        self._events.put(AgentFailed(code=code))
        self._events.end()
        self._words_written.set()
