"""Callers: what they say and when, 20 ms at a time. Pure: time is counted in frames."""

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

from telephony.simulator.errors import UnknownScript
from telephony.simulator.loudness import (
    FRAME_BYTES,
    FRAME_MS,
    PAUSE_MS,
    SILENCE,
    SpeechWatch,
    is_loud,
)

FOLDER = Path(__file__).parent / "callers"
MAX_WAIT_MS = 60_000
"""A caller with nothing more to say, or to whom nobody speaks, hangs up after this time."""


class Listener(Enum):
    """Who hears the caller at the moment."""

    NOBODY = "nobody"  # the carrier speaks or waits
    AGENT = "agent"  # a media stream is open
    RECORDER = "recorder"


class Caller(Protocol):
    """Somebody with a phone at the ear."""

    def exchange(self, heard: bytes, *, listener: Listener) -> bytes:
        """Hear 160 bytes and say 160 bytes; called once per 20 ms from the answer on."""

    @property
    def hangs_up(self) -> bool:
        """The caller puts the phone down now."""


class WavCaller:
    """Says one turn in each silence of the far end, then waits to be hung up on.

    A turn starts when the far end has spoken and then been silent for 500 ms; an agent must
    speak first, a recorder needs only the greeting before it. `speak_at_ms` counts from the answer
    and starts the first turn whatever the far end does. A turn that the agent stopped listening
    to is said again. `hang_up_at_ms` ends the call early.
    """

    def __init__(
        self,
        turns: Sequence[bytes],
        *,
        speak_at_ms: int | None = None,
        hang_up_at_ms: int | None = None,
    ) -> None:
        self._turns = deque(turns)
        self._speak_at_ms = speak_at_ms
        self._hang_up_at_ms = hang_up_at_ms
        self._turn = b""
        self._position = 0
        self._now_ms = 0
        self._idle_ms = 0
        self._far_end = SpeechWatch()
        self._far_end_has_spoken = False
        self._listener = Listener.NOBODY

    def exchange(self, heard: bytes, *, listener: Listener) -> bytes:
        """The caller's next 20 ms, decided by what was heard before them."""
        if listener is not self._listener:
            self._turn_to(listener)
        if self._may_start():
            self._turn, self._position = self._turns.popleft(), 0
        said = self._next_frame()
        self._take_in(heard, said)
        self._now_ms += FRAME_MS
        return said

    @property
    def hangs_up(self) -> bool:
        """Nothing happens any more, or the time to hang up has come."""
        if self._hang_up_at_ms is not None and self._now_ms >= self._hang_up_at_ms:
            return True
        return self._idle_ms >= MAX_WAIT_MS

    @property
    def _is_in_turn(self) -> bool:
        return self._position < len(self._turn)

    def _turn_to(self, listener: Listener) -> None:
        if self._listener is Listener.AGENT and self._is_in_turn:
            self._turns.appendleft(self._turn)
            self._position = len(self._turn)
        if listener is Listener.AGENT:
            self._far_end_has_spoken = False
        self._listener = listener

    def _may_start(self) -> bool:
        if self._is_in_turn or not self._turns:
            return False
        if self._speak_at_ms is not None:
            if self._now_ms < self._speak_at_ms:
                return False
            self._speak_at_ms = None
            return True
        return (
            self._listener is not Listener.NOBODY
            and self._far_end_has_spoken
            and self._far_end.quiet_ms >= PAUSE_MS
        )

    def _next_frame(self) -> bytes:
        frame = self._turn[self._position : self._position + FRAME_BYTES]
        self._position += len(frame)
        return frame.ljust(FRAME_BYTES, SILENCE[:1])

    def _take_in(self, heard: bytes, said: bytes) -> None:
        self._far_end.hear(heard)
        if is_loud(said):
            # Only what the far end says from here on is an answer to this turn.
            self._far_end_has_spoken = False
        elif self._far_end.quiet_ms == 0:
            self._far_end_has_spoken = True
        waits = not self._turns or not self._far_end.is_speaking
        self._idle_ms = self._idle_ms + FRAME_MS if waits and not self._is_in_turn else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One thing a scripted caller says: raw 8 kHz mu-law and its words."""

    text: str
    audio: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A caller whose words are checked in."""

    name: str
    from_number: str
    turns: tuple[Turn, ...]

    def caller(self, *, speak_at_ms: int | None = None) -> WavCaller:
        """Somebody who says this script once."""
        return WavCaller([turn.audio for turn in self.turns], speak_at_ms=speak_at_ms)


def script_names() -> list[str]:
    """The scripted callers there are, as they stand in the manifest."""
    return list(_manifest())


def _manifest() -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    return manifest


def load_script(name: str) -> Script:
    """A scripted caller by name. Raises UnknownScript, which lists the names there are."""
    if name not in script_names():
        raise UnknownScript(
            f"There is no script {name!r}; there are {', '.join(sorted(script_names()))}."
        )
    entry = _manifest()[name]
    turns = tuple(
        Turn(text=turn["text"], audio=(FOLDER / turn["file"]).read_bytes())
        for turn in entry["turns"]
    )
    return Script(name=name, from_number=entry["from"], turns=turns)
