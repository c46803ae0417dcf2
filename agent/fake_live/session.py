"""One session of the stand-in: client events in, server events out. Pure.

`wire.outbox` holds what is to be sent, `commands` all that came. The session has no time but that
of the audio it is sent.
"""

import base64
import binascii
import json
import math
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from agent.fake_live import shape
from agent.fake_live.manner import LiveManner
from agent.fake_live.mouth import Mouth
from agent.fake_live.tasks import Tasks
from agent.fake_live.wire import AUDIO, LiveWire
from agent.fake_realtime.faults import Fault, Kind, Phase
from agent.fake_realtime.frames import Close, Timeline
from agent.fake_realtime.ids import Ids
from agent.fake_realtime.script import Call, Cue, Say, Script
from agent.fake_realtime.voice_activity import Started, VoiceActivity
from agent.speech.mulaw import BYTES_PER_MS, FRAME_BYTES, FRAME_MS

EXPIRES_AT = 1_800_000_000
USAGE_EVERY_MS = 10_000
SILENCE_MS = 400
WORD_MS = 700
DETECTION = {"type": "server_vad", "threshold": 0.5, "silence_duration_ms": SILENCE_MS}
CUES = {
    "The call begins": "greeting",
    "has said nothing": "ask",
    "The call ends": "farewell",
    "time of this call is over": "wrap_up",
    "connection was gone": "resume",
    "pressed the key": "go_on",
    "waits for you": "go_on",
}
"""What a comment is taken for, by words in it: nobody here understands it."""
LEAVING = frozenset({"farewell", "wrap_up"})


class FakeLiveSession:
    """The server's side of one call."""

    def __init__(
        self,
        script: Script,
        *,
        manner: LiveManner,
        fault: Fault | None = None,
        name: str = "",
    ) -> None:
        self.commands: list[dict[str, Any]] = []
        self.wire = LiveWire(manner=manner, fault=fault, ids=Ids(name))
        self.audio_ms = 0
        self.turns = 0
        self.config: dict[str, Any] | None = None
        self.tasks = Tasks(self.wire, on_result=lambda: self._answer_soon("go_on", ""))
        self._script, self._manner = script, manner
        self._mouth = Mouth(self._tell_agents_word, noise=manner.noise)
        self._ears = VoiceActivity()
        self._words: deque[str] = deque()
        self._word_ended_ms = 0
        self._time = Timeline()  # of the audio
        self._rest = b""
        self._piece = b""
        self._piece_is_speech = self._has_greeted = self._has_replied = False
        self._handlers = {
            "session.input_audio.append": self._hear,
            "session.commentary.append": self._comment,
            "session.thinking.append": self._append,
            "session.instructions.append": self._append,
            "response.item.create": self.tasks.take_result,
            "response.create": self.tasks.go_on,
            "session.close": self._close,
        }

    def begin(self) -> None:
        """The socket is open; the client speaks first."""

    def advance(self, now_ms: float) -> None:
        """The time of the wall means nothing here."""

    def receive(self, text: str, now_ms: float) -> None:
        """Take one frame of the client."""
        try:
            command = json.loads(text)
            kind = command["type"]
        except (ValueError, TypeError, KeyError):
            self.wire.refuse(None, "invalid_json", "This is no event.")
            return
        self.commands.append(command)
        if kind == "session.start":
            self._start(command)
        elif self.config is None:
            self.wire.refuse(command, "session_not_started", "Send session.start first.")
        elif kind not in self._handlers:
            self.wire.refuse(command, "invalid_value", f"Invalid value: '{kind}'.", "type")
        else:
            try:
                self._handlers[kind](command)
            except shape.ShapeError as error:
                self.wire.refuse(command, error.code, str(error), error.param)

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """The events of one type that went out."""
        return [event for event in self.wire.sent if event["type"] == kind]

    def got(self, kind: str) -> list[dict[str, Any]]:
        """The commands of one type that came."""
        return [command for command in self.commands if command["type"] == kind]

    def _start(self, command: dict[str, Any]) -> None:
        if self.config is not None:
            self.wire.refuse(command, "session_already_started", "The session has started.")
            return
        try:
            config = shape.check_session(command.get("session"))
        except shape.ShapeError as error:
            self.wire.refuse(command, error.code, str(error), error.param)
            return
        if self.wire.reach(Phase.OPENING):
            return
        self.config = {"id": self.wire.ids.next("sess"), "expires_at": EXPIRES_AT, **config}
        self.config["status"] = "active"
        self.tasks.model = ((config.get("delegation") or {}).get("responses") or {}).get(
            "model", ""
        )
        shown = self.config
        if self.wire.has(Kind.WRONG_FORMAT):
            shown = shown | {"audio": {"format": {"type": "audio/pcm", "rate": 24_000}}}
        self.wire.emit({"type": "session.started", "session": shown, **_answering(command)})

    def _hear(self, command: dict[str, Any]) -> None:
        try:
            audio = base64.b64decode(command["audio"], validate=True)
        except (KeyError, TypeError, binascii.Error, ValueError):
            raise shape.ShapeError("invalid_value", "audio") from None
        audio = self._rest + audio
        whole = len(audio) - len(audio) % FRAME_BYTES
        self._rest = audio[whole:]
        for at in range(0, whole, FRAME_BYTES):
            if self.wire.is_over:
                return
            self._pass_20_ms(audio[at : at + FRAME_BYTES])

    def _pass_20_ms(self, frame: bytes) -> None:
        for found in self._ears.feed(frame, form="audio/pcmu", detection=DETECTION):
            if isinstance(found, Started):
                self._caller_begins(found.at_ms)
            else:
                self._caller_ends(found.at_ms)
        if self._ears.is_speaking and self.audio_ms - self._word_ended_ms >= WORD_MS:
            self._tell_callers_words(self.audio_ms, all_of_them=False)
        self._time.advance(self.audio_ms)
        is_speech = self._mouth.is_speaking
        if is_speech and not self._has_greeted:
            self._has_greeted = True
            self.wire.reach(Phase.GREETING)
        elif is_speech and self.turns and not self._has_replied:
            self._has_replied = True
            self.wire.reach(Phase.REPLYING)
        self._speak(self._mouth.next_frame(self.audio_ms), is_speech=is_speech)
        self.audio_ms += FRAME_MS
        if self.audio_ms % USAGE_EVERY_MS == 0:
            self.wire.emit({"type": "session.usage.updated", "usage": self._usage()})

    def _speak(self, frame: bytes, *, is_speech: bool) -> None:
        self._piece += frame
        self._piece_is_speech |= is_speech
        if len(self._piece) >= self._manner.piece_ms * BYTES_PER_MS:
            if self._piece_is_speech or self._manner.sends_silence:
                delta = base64.b64encode(self._piece).decode()
                self.wire.emit({"type": AUDIO, "delta": delta})
            self._piece, self._piece_is_speech = b"", False

    def _caller_begins(self, at_ms: int) -> None:
        self._word_ended_ms = at_ms
        self._words = deque((self._script.words(self.turns + 1) or "").split())
        if not self.wire.reach(Phase.LISTENING):
            self._mouth.cut()

    def _caller_ends(self, at_ms: int) -> None:
        self.turns += 1
        self._tell_callers_words(max(at_ms - SILENCE_MS, self._word_ended_ms), all_of_them=True)
        if self.turns == 1 and self.wire.reach(Phase.THINKING):
            return
        self._answer_soon("", "")

    def _comment(self, command: dict[str, Any]) -> None:
        content = shape.check_comment(command)
        self._append(command)
        purpose = next((cue for words, cue in CUES.items() if words in content), "")
        self._answer_soon(purpose, content)

    def _append(self, command: dict[str, Any]) -> None:
        shape.check_comment(command)
        kind = f"{command['type']}ed"
        span = {"start_ms": self.audio_ms, "end_ms": self.audio_ms}
        self.wire.emit({"type": kind, **span, **_answering(command)})

    def _answer_soon(self, purpose: str, told: str) -> None:
        if purpose in LEAVING and self.wire.reach(Phase.GOODBYE):
            return
        self._later(self._manner.latency_ms, lambda: self._answer(purpose, told))

    def _answer(self, purpose: str, told: str) -> None:
        parts = self._script.answer(Cue(purpose=purpose, turns=self.turns, instructions=told))
        for part in parts:
            if isinstance(part, Say):
                self._mouth.say(part)
        calls = [part for part in parts if isinstance(part, Call)]
        if calls:
            self.tasks.delegate(calls, now_ms=self.audio_ms)

    def _later(self, ms: int, action: Callable[[], None]) -> None:
        self._time.after(ms, action)

    def _tell_agents_word(self, word: str, start_ms: int, end_ms: int) -> None:
        span = {"start_ms": start_ms, "end_ms": end_ms}
        event = {"type": "session.output_transcript.delta", "delta": word, **span}
        late_ms = self._manner.agent_words_late_ms
        if late_ms:
            self._later(late_ms, lambda: self.wire.emit(event))
        else:
            self.wire.emit(event)

    def _tell_callers_words(self, until_ms: int, *, all_of_them: bool) -> None:
        """The next of the caller's words; whatever she says, it is the script's."""
        left = len(self._words)
        count = left if all_of_them else min(left - 1, 1)  # the last one ends with her voice
        if count <= 0:
            return
        words = "".join(self._words.popleft() + " " for _ in range(count))
        span = {"start_ms": self._word_ended_ms, "end_ms": until_ms}
        event = {"type": "session.input_transcript.delta", "delta": words, **span}
        self._later(self._manner.caller_words_late_ms, partial(self.wire.emit, event))
        self._word_ended_ms = until_ms

    def _usage(self) -> dict[str, float]:
        return {"seconds": float(math.ceil(self.audio_ms / 1_000))}

    def _close(self, command: dict[str, Any]) -> None:
        if not self._manner.answers_close:
            return
        event = {"type": "session.closed", "reason": "close_requested", "session": self.config}
        self.wire.emit(event | {"usage": self._usage(), **_answering(command)})
        self.wire.break_off(Close(1000))


def _answering(command: dict[str, Any]) -> dict[str, Any]:
    event_id = command.get("event_id")
    return {"client_event_id": event_id} if event_id else {}
