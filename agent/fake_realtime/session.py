"""One session of the stand-in: client events and time in, server events out. Pure.

`wire.outbox` holds what is to be sent, `commands` all that came. The clock is passed in, as
milliseconds; the caller's audio has a clock of its own, its length.
"""

import json
from typing import Any

from agent.fake_realtime import shape
from agent.fake_realtime.faults import Fault, Kind, Phase
from agent.fake_realtime.ids import Ids
from agent.fake_realtime.items import Conversation
from agent.fake_realtime.listening import Listening
from agent.fake_realtime.manner import Manner
from agent.fake_realtime.script import Script
from agent.fake_realtime.speaking import Speaking
from agent.fake_realtime.wire import Wire

EXPIRES_AT = 1_800_000_000
PCM = {"type": "audio/pcm", "rate": 24000}


class FakeSession:
    """The server's side of one call."""

    def __init__(
        self,
        script: Script,
        *,
        manner: Manner,
        model: str,
        fault: Fault | None = None,
        name: str = "",
    ) -> None:
        ids = Ids(name)
        self.commands: list[dict[str, Any]] = []
        self.wire = Wire(manner=manner, fault=fault, ids=ids)
        self.conversation = Conversation()
        self.config = shape.default_session(ids.next("sess"), model=model, expires_at=EXPIRES_AT)
        self._speaking = Speaking(script, conversation=self.conversation, wire=self.wire)
        self.listening = Listening(
            script,
            conversation=self.conversation,
            wire=self.wire,
            speaking=self._speaking,
            session=lambda: self.config,
        )
        self._speaking.on_ended = self.listening.watch_silence
        self._handlers = {
            "session.update": self._update,
            "input_audio_buffer.append": self.listening.append,
            "input_audio_buffer.commit": self.listening.commit,
            "input_audio_buffer.clear": self.listening.clear,
            "conversation.item.create": self._create_item,
            "conversation.item.delete": self._delete_item,
            "conversation.item.retrieve": self._retrieve_item,
            "conversation.item.truncate": self._truncate_item,
            "response.create": self._create_response,
            "response.cancel": self._cancel_response,
        }

    def begin(self) -> None:
        """The socket is open."""
        self.wire.emit({"type": "session.created", "session": self.config})

    def advance(self, now_ms: float) -> None:
        """Let time pass."""
        self.wire.timeline.advance(now_ms)

    def receive(self, text: str, now_ms: float) -> None:
        """Take one frame of the client."""
        self.advance(now_ms)
        try:
            command = json.loads(text)
            kind = command["type"]
        except (ValueError, TypeError, KeyError):
            self.wire.refuse(None, "invalid_json", "This is no event.")
            return
        self.commands.append(command)
        handler = self._handlers.get(kind)
        if handler is None:
            self.wire.refuse(command, "invalid_value", f"Invalid value: '{kind}'.", param="type")
        else:
            handler(command)

    def sent(self, kind: str) -> list[dict[str, Any]]:
        """The events of one type that went out."""
        return [event for event in self.wire.sent if event["type"] == kind]

    def got(self, kind: str) -> list[dict[str, Any]]:
        """The commands of one type that came."""
        return [command for command in self.commands if command["type"] == kind]

    def _update(self, command: dict[str, Any]) -> None:
        try:
            changed = shape.updated(self.config, command.get("session"))
        except shape.ShapeError as error:
            self.wire.refuse(command, error.code, str(error), param=error.param)
            return
        voices = {each["audio"]["output"]["voice"] for each in (changed, self.config)}
        if self._speaking.has_spoken and len(voices) > 1:
            self.wire.refuse(command, "cannot_update_voice", "The voice cannot change any more.")
            return
        if self.wire.reach(Phase.OPENING):
            return
        self.config = changed
        shown = changed
        if self.wire.has(Kind.WRONG_FORMAT):
            shown = {**changed, "audio": {"input": {"format": PCM}, "output": {"format": PCM}}}
        self.wire.emit_later(0, {"type": "session.updated", "session": shown})

    def _create_item(self, command: dict[str, Any]) -> None:
        item = dict(command.get("item") or {})
        call_id = str(item.get("call_id"))
        is_output = item.get("type") == "function_call_output"
        if is_output and not self.conversation.awaits_output(call_id):
            self.wire.refuse(command, "invalid_tool_call_id", f"No tool call {call_id} is open.")
            return
        item = {"id": self.wire.ids.next("item"), "object": "realtime.item", **item}
        self.listening.add_item(item | {"status": "completed"})

    def _delete_item(self, command: dict[str, Any]) -> None:
        item_id = str(command.get("item_id"))
        held = self.conversation.items.get(item_id)
        if held is None or held.item["status"] == "in_progress":
            code = "item_delete_invalid_item_id"
            self.wire.refuse(command, code, f"There is no item {item_id}.", param="item_id")
            return
        del self.conversation.items[item_id]
        self.wire.emit({"type": "conversation.item.deleted", "item_id": item_id})

    def _retrieve_item(self, command: dict[str, Any]) -> None:
        item_id = str(command.get("item_id"))
        held = self.conversation.items.get(item_id)
        if held is None:
            code = "item_retrieve_invalid_item_id"
            self.wire.refuse(command, code, f"There is no item {item_id}.", param="item_id")
            return
        self.wire.emit({"type": "conversation.item.retrieved", "item": dict(held.item)})

    def _truncate_item(self, command: dict[str, Any]) -> None:
        item_id, end_ms = str(command.get("item_id")), command.get("audio_end_ms")
        held = self.conversation.items.get(item_id)
        if held is None or held.item.get("role") != "assistant" or type(end_ms) is not int:
            code = "item_truncate_invalid_item_id"
            self.wire.refuse(command, code, f"There is no item {item_id}.", param="item_id")
        elif not 0 <= end_ms <= held.length_ms:
            text = f"Audio content of {held.length_ms}ms is already shorter than {end_ms}ms"
            self.wire.refuse(command, None, text)
        else:
            held.heard_ms = end_ms
            for part in held.item["content"]:
                part["transcript"] = ""
            fields = {"item_id": item_id, "content_index": 0, "audio_end_ms": end_ms}
            self.wire.emit({"type": "conversation.item.truncated", **fields})

    def _create_response(self, command: dict[str, Any]) -> None:
        if self._speaking.active is not None:
            code = "conversation_already_has_active_response"
            self.wire.refuse(command, code, f"{self._speaking.active.id} is in progress.")
            return
        asked = command.get("response") or {}
        self._speaking.begin(self.config, turns=self.listening.turns, asked=asked)

    def _cancel_response(self, command: dict[str, Any]) -> None:
        active, wanted = self._speaking.active, command.get("response_id")
        if active is None or wanted not in {None, active.id}:
            code = "response_cancel_not_active"
            self.wire.refuse(command, code, "Cancellation failed: no active response found.")
            return
        self._speaking.cut("client_cancelled")
