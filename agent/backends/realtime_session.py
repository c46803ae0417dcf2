"""One call with the Realtime API: its socket, its tasks and its deadlines.

What is said is decided in `realtime_dialogue`.
"""

import logging
from collections.abc import Sequence
from functools import partial

from agent.backends.realtime_commands import append_audio
from agent.backends.realtime_dialogue import RealtimeDialogue
from agent.backends.realtime_events import AudioDelta, Event, Ignored
from agent.backends.realtime_socket import Address, RealtimeSocket
from agent.backends.realtime_usage import Price
from agent.backends.session_frame import SessionFrame
from agent.session import Capabilities, Heard

logger = logging.getLogger(__name__)


class RealtimeSession(SessionFrame[RealtimeDialogue, RealtimeSocket]):
    """One call."""

    capabilities = Capabilities()

    def __init__(
        self, dialogue: RealtimeDialogue, *, address: Address, prices: Sequence[Price]
    ) -> None:
        super().__init__(
            dialogue,
            meter=dialogue.meter,
            cost_usd=partial(dialogue.meter.cost_usd, prices),
            append_audio=append_audio,
        )
        self._address = address

    def send_audio(self, audio: bytes) -> None:
        if self._is_closed:
            return
        self._dialogue.caller_audio(audio)
        outbox = self._dialogue.outbox
        if outbox.events or outbox.frames:
            self._hand_over()
        self._send_audio(audio)

    def interrupted(self, heard: Sequence[Heard]) -> None:
        self._dialogue.interrupted(heard)
        self._hand_over()

    async def _connect(self) -> RealtimeSocket:
        socket = await RealtimeSocket.open(self._address)
        async with socket.closed_if_refused():
            self._dialogue.configure()
            session = await socket.set_up(self._dialogue.outbox.take_frames())
        logger.info("agent session opened", extra={"agent_session": session.id})
        return socket

    def _resume(self) -> None:
        self._dialogue.resume(held_ms=self._held_ms)

    def _receive(self, event: Event | Ignored) -> None:
        if isinstance(event, AudioDelta):  # 50 times a second
            said = self._dialogue.agent_audio(event)
            if said is None or self._events.put_one(said):
                return
        else:
            self._dialogue.receive(event)
            self._hand_over()
        self._refuse_to_overrun()

    def _hand_over(self) -> None:
        super()._hand_over()
        if self._is_closed and not self._dialogue.awaits_words:
            self._is_settled.set()
