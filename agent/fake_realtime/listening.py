"""The caller's side of the stand-in: her audio, her turns, and what is written down. Pure."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from agent.fake_realtime import items
from agent.fake_realtime.faults import Phase
from agent.fake_realtime.items import Conversation
from agent.fake_realtime.script import Script
from agent.fake_realtime.speaking import Speaking
from agent.fake_realtime.voice_activity import Started, VoiceActivity, bytes_per_ms
from agent.fake_realtime.wire import Wire

LEAST_COMMIT_MS = 100


class Listening:
    """Hears the caller, in the time of her audio."""

    def __init__(
        self,
        script: Script,
        *,
        conversation: Conversation,
        wire: Wire,
        speaking: Speaking,
        session: Callable[[], dict[str, Any]],
    ) -> None:
        self.turns = 0
        self._script = script
        self._conversation = conversation
        self._wire = wire
        self._speaking = speaking
        self._session = session
        self._voice = VoiceActivity()
        self._audio_bytes = self._committed_ms = 0
        self._turn_id = ""
        self._watch = 0

    @property
    def audio_ms(self) -> int:
        """How much audio has come."""
        return self._audio_bytes // bytes_per_ms(self._input["format"]["type"])

    @property
    def _input(self) -> dict[str, Any]:
        audio: dict[str, Any] = self._session()["audio"]["input"]
        return audio

    def append(self, command: dict[str, Any]) -> None:
        """Take audio, base64 in the format of the session."""
        try:
            audio = base64.b64decode(command["audio"], validate=True)
        except (KeyError, TypeError, binascii.Error, ValueError):
            self._wire.refuse(command, "invalid_value", "This is not base64.", param="audio")
            return
        self._audio_bytes += len(audio)
        detection = self._input["turn_detection"]
        if detection is None:
            return
        form = self._input["format"]["type"]
        for found in self._voice.feed(audio, form=form, detection=detection):
            if isinstance(found, Started):
                self._begin_turn(found.at_ms, detection)
            else:
                self._end_turn(found.at_ms, detection)

    def commit(self, command: dict[str, Any]) -> None:
        """Make what was heard a turn, whatever the caller does."""
        if self.audio_ms - self._committed_ms < LEAST_COMMIT_MS:
            code = "input_audio_buffer_commit_empty"
            self._wire.refuse(command, code, "The buffer is too small to commit.")
            return
        self._voice.is_speaking = False
        self._commit(self._turn_id or self._wire.ids.next("item"), self.audio_ms)

    def clear(self, command: dict[str, Any]) -> None:
        """Forget what was heard since the last turn."""
        self._committed_ms = self.audio_ms
        self._wire.emit({"type": "input_audio_buffer.cleared"})

    def add_item(self, item: dict[str, Any]) -> None:
        """Put an item into the conversation, and say so."""
        held = self._conversation.add(item)
        for kind in ("added", "done"):
            event = {"type": f"conversation.item.{kind}", "item": dict(item)}
            self._wire.emit(event | {"previous_item_id": held.previous_id})

    def watch_silence(self) -> None:
        """Ask the caller by ourselves when she says nothing, if the client wants that."""
        self._watch += 1
        watch = self._watch
        idle_ms = (self._input["turn_detection"] or {}).get("idle_timeout_ms")
        if idle_ms is None:
            return

        def time_is_up() -> None:
            if watch == self._watch and self._speaking.active is None:
                self._ask()

        # Counted from when the answer has been heard, as far as the server can tell.
        self._wire.timeline.after(self._speaking.last_audio_ms + idle_ms, time_is_up)

    def _begin_turn(self, at_ms: int, detection: dict[str, Any]) -> None:
        self._watch += 1
        self._turn_id = self._wire.ids.next("item")
        kind = "input_audio_buffer.speech_started"
        self._wire.emit({"type": kind, "item_id": self._turn_id, "audio_start_ms": at_ms})
        if self._wire.reach(Phase.LISTENING):
            return
        if detection.get("interrupt_response", True):
            self._speaking.cut("turn_detected", slips=self._wire.manner.slips)

    def _end_turn(self, at_ms: int, detection: dict[str, Any]) -> None:
        kind = "input_audio_buffer.speech_stopped"
        self._wire.emit({"type": kind, "item_id": self._turn_id, "audio_end_ms": at_ms})
        self._commit(self._turn_id, at_ms)
        if detection.get("create_response", True) and self._speaking.active is None:
            self._speaking.begin(self._session(), turns=self.turns)

    def _commit(self, item_id: str, at_ms: int) -> None:
        self.turns += 1
        self._turn_id = ""
        spoken_ms, self._committed_ms = at_ms - self._committed_ms, at_ms
        self._add_turn(item_id, [{"type": "input_audio", "transcript": None}])
        if self._input["transcription"] is not None:
            self._transcribe(item_id, spoken_ms)

    def _add_turn(self, item_id: str, content: list[dict[str, Any]]) -> None:
        event = {"type": "input_audio_buffer.committed", "item_id": item_id}
        self._wire.emit(event | {"previous_item_id": self._conversation.last_id})
        self.add_item(items.message(item_id, role="user", content=content, status="completed"))

    def _transcribe(self, item_id: str, spoken_ms: int) -> None:
        words = self._script.words(self.turns)
        kind = "conversation.item.input_audio_transcription"
        about = {"item_id": item_id, "content_index": 0}
        if words is None:
            error = {"type": "transcription_error", "code": "audio_unintelligible"}
            event = {"type": f"{kind}.failed", **about, "error": error}
        else:
            usage = {"type": "duration", "seconds": spoken_ms / 1000}
            event = {"type": f"{kind}.completed", **about, "transcript": words, "usage": usage}
        self._wire.emit_later(self._wire.manner.transcription_ms, event)

    def _ask(self) -> None:
        item_id, at_ms = self._wire.ids.next("item"), self.audio_ms
        span = {"audio_start_ms": self._committed_ms, "audio_end_ms": at_ms}
        kind = "input_audio_buffer.timeout_triggered"
        self._wire.emit({"type": kind, "item_id": item_id, **span})
        self._committed_ms = at_ms
        self._add_turn(item_id, [])
        self._speaking.begin(self._session(), turns=self.turns)
