"""The wire to the caller's ear and mouth: one frame each way per 20 ms, in real time."""

import asyncio
import time
from collections.abc import Callable

from telephony.simulator.callers import Caller, Listener
from telephony.simulator.events import Party, Report, SpeechStarted, SpeechStopped
from telephony.simulator.loudness import (
    FRAME_BYTES,
    FRAME_MS,
    SILENCE,
    Change,
    SpeechWatch,
    is_loud,
)
from telephony.simulator.orders import Orders

MAX_CALL_MS = 4 * 3600 * 1000
"""The carrier's limit of a call."""


class LineLeft(Exception):  # an event of the call, not a fault
    """What the line was used for has ended, because of `by`."""

    def __init__(self, text: str, *, by: Party) -> None:
        super().__init__(text)
        self.by = by


class HungUp(LineLeft):
    """The call is over because somebody ended it."""

    def __init__(self, by: Party) -> None:
        super().__init__(f"the {by} hung up", by=by)


class Redirected(LineLeft):
    """The call goes on with another document, by order of the carrier's REST API."""

    def __init__(self, document: bytes) -> None:
        super().__init__("the call was redirected", by=Party.CARRIER)
        self.document = document


class Line:
    """An answered call, seen from the caller.

    `heard` and `said` hold everything since the answer, silence included, in step.
    """

    def __init__(self, caller: Caller, *, report: Report, orders: Orders | None = None) -> None:
        self.heard = bytearray()
        self.said = bytearray()
        self.heard_ms = self.said_ms = 0
        self.first_audio_at: float | None = None
        self._caller = caller
        self._report = report
        self._answered_at = time.monotonic()
        self._watches = {Party.FAR_END: SpeechWatch(), Party.CALLER: SpeechWatch()}
        self._hung_up = False
        self._orders = orders or Orders()

    @property
    def duration_ms(self) -> int:
        """Time since the answer, in whole frames."""
        return len(self.heard) // FRAME_BYTES * FRAME_MS

    def hang_up(self) -> None:
        """The caller puts the phone down at the next frame, whatever she meant to say."""
        self._hung_up = True

    async def next_tick(self) -> None:
        """Wait for the next 20 ms of the call: no drift, late ticks come at once."""
        due = self._answered_at + (self.duration_ms + FRAME_MS) / 1000
        await asyncio.sleep(max(0.0, due - time.monotonic()))

    def exchange(self, heard: bytes, *, listener: Listener) -> bytes:
        """Give the caller 20 ms of the far end and take 20 ms of hers.

        Raises HungUp, and Redirected, as everything does that uses the line.
        """
        if self.first_audio_at is None and is_loud(heard):
            self.first_audio_at = time.monotonic()
        said = self._caller.exchange(heard, listener=listener)
        self.heard += heard
        self.said += said
        self.heard_ms += FRAME_MS * (heard != SILENCE)
        self.said_ms += FRAME_MS * (said != SILENCE)
        self._watch(Party.FAR_END, heard)
        self._watch(Party.CALLER, said)
        if self._hung_up or self._caller.hangs_up:
            raise HungUp(Party.CALLER)
        if self.duration_ms >= MAX_CALL_MS:
            raise HungUp(Party.CARRIER)
        self._obey()
        return said

    async def play(self, audio: bytes, *, until: Callable[[], bool] | None = None) -> None:
        """The caller hears `audio` from the carrier, or its start up to `until`. Raises HungUp."""
        for start in range(0, len(audio), FRAME_BYTES):
            await self.next_tick()
            if until is not None and until():
                return
            frame = audio[start : start + FRAME_BYTES].ljust(FRAME_BYTES, SILENCE[:1])
            self.exchange(frame, listener=Listener.NOBODY)

    def pass_silence(self) -> None:
        """Fill the time since the last frame, in which the carrier was busy, with silence."""
        late_ms = (time.monotonic() - self._answered_at) * 1000 - self.duration_ms
        for _ in range(int(late_ms // FRAME_MS)):
            self.exchange(SILENCE, listener=Listener.NOBODY)

    def _obey(self) -> None:
        if self._orders.is_to_end:
            raise HungUp(Party.FAR_END)
        if document := self._orders.take_document():
            raise Redirected(document)

    def _watch(self, who: Party, frame: bytes) -> None:
        match self._watches[who].hear(frame):
            case Change.STARTED:
                self._report(SpeechStarted(who=who))
            case Change.STOPPED:
                self._report(SpeechStopped(who=who))
