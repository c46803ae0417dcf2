"""What every session with one of OpenAI's servers does: its socket, its tasks, one replacement.

What is said is decided in the session's dialogue.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any, Generic, Protocol, Self, TypeVar

from agent.backends.event_socket import EventSocket
from agent.backends.realtime_outbox import Outbox
from agent.backends.realtime_record import BYTES_PER_MS
from agent.backends.realtime_tools import Toolbox
from agent.errors import AgentUnavailable, SessionLost
from agent.event_line import EventLine
from agent.session import AgentEvent, AgentFailed, AgentReport
from agent.wake import Wake

logger = logging.getLogger(__name__)

RECONNECT_SECONDS = 2.0
LAST_WORDS_SECONDS = 0.6
HELD_FRAMES = 100  # 2 s of the caller
MAX_WAITING_EVENTS = 20_000


class Meter(Protocol):
    """Counts what a session uses."""

    def totals(self) -> dict[str, str | int]:
        """All of it, by name."""


class CallDialogue(Protocol):
    """What is said on one call. Whatever it has to give away is in its outbox then."""

    outbox: Outbox
    tools: Toolbox

    def begin(self) -> None:
        """The session is ready."""

    def caller_silent(self, times: int) -> None:
        """The caller does not answer."""

    def key_pressed(self, digit: str) -> None:
        """The caller pressed a key."""

    def wrap_up(self) -> None:
        """The call's time is over."""

    def hang_up(self) -> None:
        """The caller is gone."""

    def close(self) -> None:
        """Nothing comes any more of this session."""


D = TypeVar("D", bound=CallDialogue)
S = TypeVar("S", bound=EventSocket[Any])


class SessionFrame(ABC, Generic[D, S]):
    """One call: a dialogue, the socket behind it, and one more socket if the first is lost."""

    def __init__(
        self,
        dialogue: D,
        *,
        meter: Meter,
        cost_usd: Callable[[], Decimal | None],
        append_audio: Callable[[bytes], bytes],
    ) -> None:
        """`append_audio` makes the server's frame of audio."""
        self._dialogue = dialogue
        self._meter = meter
        self._cost_usd = cost_usd
        self._append_audio = append_audio
        self._events = EventLine()
        self._frames: list[bytes] = []
        self._held: list[bytes] = []
        self._has_work = Wake()
        self._is_settled = Wake()  # what was waited for at the end has come, or never will
        self._socket: S | None = None
        self._conversation: asyncio.Task[None] | None = None
        self._dropped = self._unreadable = 0
        self._is_closed = False
        self._is_congested = False  # once it was, all audio waits for the server in the task

    # --- What is different with every server ---

    @abstractmethod
    async def _connect(self) -> S:
        """A socket with a session that is set up. Raises SessionLost."""

    @abstractmethod
    def _resume(self) -> None:
        """Let the dialogue go on in the new session."""

    @abstractmethod
    def _receive(self, event: Any) -> None:
        """Take what the server says. Raises SessionLost when the session is of no use."""

    def _session_begins(self) -> None:
        """The first session or the one in its place begins now."""

    def _session_is_lost(self) -> None:
        """Another session is about to be tried."""

    def _may_go_on(self) -> bool:
        """Whether another session is worth while."""
        return True

    # --- What the line does ---

    async def open_within(self, seconds: float) -> Self:
        """Open in time. Raises AgentUnavailable."""
        try:
            async with asyncio.timeout(seconds):
                await self.open()
        except SessionLost as error:
            raise AgentUnavailable(f"No session: {error.code}.", code=error.code) from error
        except TimeoutError as error:
            message = "No session in time."
            raise AgentUnavailable(message, code="no_session_in_time") from error
        return self

    async def open(self) -> None:
        """Connect and set up, at the second try if need be. Raises SessionLost."""
        try:
            self._socket = await self._connect()
        except SessionLost as error:
            if not error.retryable:
                raise
            self._socket = await self._connect()
        self._session_begins()
        self._dialogue.begin()
        self._hand_over()
        self._conversation = asyncio.create_task(self._converse())

    def utterance_played(self, utterance_id: str) -> None:
        """The model takes for granted that it was heard."""

    def caller_silent(self, times: int) -> None:
        """As `AgentSession` says it, and so the others."""
        self._dialogue.caller_silent(times)
        self._hand_over()

    def key_pressed(self, digit: str) -> None:
        self._dialogue.key_pressed(digit)
        self._hand_over()

    def wrap_up(self) -> None:
        self._dialogue.wrap_up()
        self._hand_over()

    def report(self) -> AgentReport:
        tools = self._dialogue.tools
        message = tools.message
        return AgentReport(
            usage=self._meter.totals(),
            cost_usd=self._cost_usd(),
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
        await self._wait_for_the_rest()
        if self._conversation is not None:
            self._conversation.cancel()
            await asyncio.gather(self._conversation, return_exceptions=True)
            self._conversation = None  # how it ended refers to all of this
        self._dialogue.close()
        self._hand_over()
        self._events.end()
        await self._drop_socket()
        if self._dropped:
            logger.warning("caller audio was lost", extra={"frames": self._dropped})
        if self._unreadable:
            extra = {"events": self._unreadable}
            logger.warning("agent server sent what cannot be read", extra=extra)

    async def _wait_for_the_rest(self) -> None:
        """What the caller said last is being written down, or the bill, when she hangs up."""
        if self._conversation is None or self._conversation.done() or self._socket is None:
            return
        self._dialogue.hang_up()
        self._hand_over()
        try:
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                await self._is_settled.wait()
        except TimeoutError:
            return  # the recording has her words, and what was told last counts

    # --- The server ---

    async def _converse(self) -> None:
        """Follow the session to its end; a lost one is replaced once."""
        try:
            try:
                await self._follow()
            except SessionLost as error:
                if not error.retryable or self._is_closed or not self._may_go_on():
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

    async def _replace(self) -> None:
        """Another session in the place of a lost one."""
        self._session_is_lost()
        await self._drop_socket()
        async with asyncio.timeout(RECONNECT_SECONDS):
            self._socket = await self._connect()
        self._frames.clear()
        self._session_begins()
        self._resume()
        self._hand_over()

    async def _drop_socket(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            self._unreadable += socket.unreadable
            await socket.close()

    def _fail(self, code: str) -> None:
        if not self._is_closed:  # or the server has gone because it was told to
            self._dialogue.close()
            self._hand_over()
            self._events.put(AgentFailed(code=code))
            self._events.end()
        self._is_settled.set()

    def _hand_over(self) -> None:
        """Take what the dialogue has to give away to where it belongs."""
        outbox = self._dialogue.outbox
        if outbox.events:
            self._events.put(*outbox.take_events())
        if outbox.frames:
            self._frames.extend(outbox.take_frames())
            self._has_work.set()

    def _refuse_to_overrun(self) -> None:
        """Raises SessionLost for a server that says more than the line can take."""
        if len(self._events) > MAX_WAITING_EVENTS:
            raise SessionLost("overrun")

    # --- The caller's audio ---

    @property
    def _held_ms(self) -> int:
        """How much of the caller's audio waits."""
        return sum(map(len, self._held)) // BYTES_PER_MS

    def _send_audio(self, audio: bytes) -> bool:
        """Whether it is sent; else it waits for the sender's task, behind what waits there."""
        if not (self._frames or self._held or self._is_congested or self._socket is None):
            wire = self._socket.wire
            is_sent = wire.write(self._append_audio(audio))
            self._is_congested = wire.is_congested
            if is_sent:
                return True  # or it is gone, and the reader notices it
        self._hold(audio)
        return False

    def _hold(self, audio: bytes) -> None:
        """Keep audio for the sender's task, the latest."""
        if len(self._held) == HELD_FRAMES:
            self._dropped += 1
            del self._held[0]
        self._held.append(audio)
        self._has_work.set()

    def _take_held(self) -> bytes:
        """The next of the caller's audio that waits; it is sent now."""
        return self._held.pop(0)

    async def _send_all(self, socket: S) -> None:
        """Send what there is, steering before audio; a lost socket is the reader's to notice."""
        while True:
            while self._frames:
                await socket.send(self._frames.pop(0))
            if self._held:
                await socket.send(self._append_audio(self._take_held()))
                continue
            self._has_work.clear()
            await self._has_work.wait()
