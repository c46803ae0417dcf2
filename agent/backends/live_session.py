"""One call with the Live API: its socket, its tasks and its deadlines.

What is said is decided in `live_dialogue`.
"""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from agent.backends.live_clock import FRAME_MS, MISSING_AFTER_MS, silence
from agent.backends.live_commands import append_audio
from agent.backends.live_dialogue import LOOK_MS, LiveDialogue
from agent.backends.live_events import Event
from agent.backends.live_socket import LiveAddress, LiveSocket
from agent.backends.live_usage import LivePrice
from agent.backends.realtime_events import Ignored
from agent.backends.realtime_record import BYTES_PER_MS
from agent.backends.session_frame import SessionFrame
from agent.session import Capabilities, Heard

logger = logging.getLogger(__name__)

LOOK_SECONDS = LOOK_MS / 1_000
JUST_BEGUN_SECONDS = 0.1  # what comes now has waited for the session
LONGEST_STAND_IN_MS = 1_000  # a process that stood still has not to make up for more
STEADY_MS = 2_000  # brought at the pace of time: the line had kept nothing


class LiveSession(SessionFrame[LiveDialogue, LiveSocket]):
    """One call. Its server's clock is the audio that it is sent."""

    # Of a silent caller the model takes no notice: it speaks when it has something to say.
    capabilities = Capabilities(interrupts_itself=True, paces_audio=True, watches_silence=False)

    def __init__(
        self, dialogue: LiveDialogue, *, address: LiveAddress, prices: Sequence[LivePrice]
    ) -> None:
        super().__init__(
            dialogue,
            meter=dialogue.meter,
            cost_usd=partial(dialogue.meter.cost_usd, prices),
            append_audio=append_audio,
        )
        self._address = address
        self._loop = asyncio.get_running_loop()
        self._looking: asyncio.TimerHandle | None = None
        self._began_at = self._heard_at = self._loop.time()
        self._sent_ms = 0
        # While the process stood still; the line may bring it yet.
        self._uncounted_ms = 0
        self._steady_ms = 0  # brought since, not ahead of time

    async def open(self) -> None:
        """As every session; from then on it looks after its clock."""
        await super().open()
        self._looking = self._loop.call_later(LOOK_SECONDS, self._look)

    def send_audio(self, audio: bytes) -> None:
        if self._is_closed:
            return
        self._heard_at = self._loop.time()
        ahead_ms = self._sent_ms - self._passed_ms(self._heard_at)
        if self._uncounted_ms and ahead_ms > 0:
            # What the line kept while the process stood still comes after all: that time counts.
            counted_ms = min(ahead_ms, self._uncounted_ms)
            self._uncounted_ms -= counted_ms
            self._began_at -= counted_ms / 1_000
            ahead_ms -= counted_ms
        elif self._uncounted_ms:
            self._steady_ms += len(audio) // BYTES_PER_MS
            if self._steady_ms >= STEADY_MS:
                self._uncounted_ms = 0
        if self._heard_at - self._began_at < JUST_BEGUN_SECONDS:
            self._dialogue.clock.is_ahead(ahead_ms)
        is_wanted = self._dialogue.caller_audio(audio, ahead_ms=ahead_ms)
        self._hand_over()
        if is_wanted:
            self._send_audio(audio)

    def interrupted(self, heard: Sequence[Heard]) -> None:
        """The model interrupts itself."""

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        await super().close()

    async def _connect(self) -> LiveSocket:
        socket = await LiveSocket.open(self._address)
        async with socket.closed_if_refused():
            self._dialogue.start()
            session = await socket.start(self._dialogue.outbox.take_frames())
        logger.info("agent session opened", extra={"agent_session": session.id})
        return socket

    def _session_begins(self) -> None:
        self._began_at, self._sent_ms, self._uncounted_ms = self._loop.time(), 0, 0
        self._dialogue.started(held_ms=self._held_ms)

    def _session_is_lost(self) -> None:
        self._dialogue.lose()
        self._hand_over()

    def _may_go_on(self) -> bool:
        return not self._dialogue.is_done

    def _resume(self) -> None:
        self._dialogue.resume()

    def _receive(self, event: Event | Ignored) -> None:
        self._dialogue.receive(event)
        self._hand_over()
        if self._dialogue.is_over:
            self._is_settled.set()
        self._refuse_to_overrun()

    def _passed_ms(self, now: float) -> int:
        """How much time the session is to have been sent, by the loop's clock."""
        return int((now - self._began_at) * 1_000)

    def _leave_uncounted(self, ms: int) -> None:
        """Let so much time count as not passed, unless the line brings it after all."""
        self._began_at += ms / 1_000
        self._uncounted_ms += ms
        self._steady_ms = 0

    def _look(self) -> None:
        """Four times a second: what is due, and silence for a line that brings none."""
        self._looking = self._loop.call_later(LOOK_SECONDS, self._look)
        socket = self._socket
        if socket is None or self._conversation is None or self._conversation.done():
            return
        now = self._loop.time()
        if now - self._heard_at >= MISSING_AFTER_MS / 1_000:
            missing_ms = self._passed_ms(now) - self._sent_ms
            if missing_ms > LONGEST_STAND_IN_MS:
                self._leave_uncounted(missing_ms - LONGEST_STAND_IN_MS)
                missing_ms = LONGEST_STAND_IN_MS
            missing_ms = missing_ms // FRAME_MS * FRAME_MS
            if missing_ms > 0:
                self._dialogue.line_stands_still(missing_ms)
                self._send_audio(silence(missing_ms))
        try:
            self._dialogue.look()
        except Exception as error:
            # It ends the agent's part as it does elsewhere, not the callback of the loop.
            socket.lose(error)
        self._hand_over()

    def _send_audio(self, audio: bytes) -> bool:
        is_sent = super()._send_audio(audio)
        if is_sent:
            self._count_sent(audio)
        return is_sent

    def _take_held(self) -> bytes:
        audio = super()._take_held()
        self._count_sent(audio)
        return audio

    def _count_sent(self, audio: bytes) -> None:
        self._sent_ms += len(audio) // BYTES_PER_MS
