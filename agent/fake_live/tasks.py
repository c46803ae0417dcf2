"""The model behind the stand-in's voice: calls tools, and waits for what comes of them. Pure."""

from collections.abc import Callable
from typing import Any

from agent.fake_live.wire import LiveWire
from agent.fake_realtime.script import Call

USAGE = {
    "input_tokens": 600,
    "input_tokens_details": {"cached_tokens": 100, "cache_write_tokens": 0},
    "output_tokens": 20,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 620,
}


class Tasks:
    """`on_result` is called once the results of a task are in and it has gone on."""

    def __init__(self, wire: LiveWire, *, on_result: Callable[[], None]) -> None:
        self.model = ""
        self._wire, self._on_result = wire, on_result
        self._delegation_id: str | None = None
        self._open_calls: set[str] = set()
        self._has_results = False
        self._sequence = 0

    @property
    def unanswered(self) -> set[str]:
        """Calls of tools without a result."""
        return self._open_calls

    def delegate(self, calls: list[Call], *, now_ms: int) -> None:
        """Let the model behind the voice call these."""
        self._delegation_id = self._wire.ids.next("dlg")
        response_id = self._wire.ids.next("resp")
        delegation = {"id": self._delegation_id, "type": "delegation", "target": "responses"}
        self._wire.emit(
            {
                "type": "session.delegation.created",
                "delegation": delegation | {"response_id": response_id},
                "offset_ms": now_ms,
            }
        )
        self._tell("response.created", response=self._shown(response_id, "in_progress"))
        for index, call in enumerate(calls):
            call_id = self._wire.ids.next("call")
            self._open_calls.add(call_id)
            item = {"type": "function_call", "id": self._wire.ids.next("fc"), "call_id": call_id}
            item |= {"name": call.name, "arguments": call.arguments, "status": "completed"}
            self._tell("response.output_item.added", item=item, output_index=index)
            self._tell("response.output_item.done", item=item, output_index=index)
        self._tell("response.completed", response=self._shown(response_id, "completed"))

    def take_result(self, command: dict[str, Any]) -> None:
        """A result of a tool, or something else the client adds."""
        item = command.get("item") or {}
        if item.get("type") != "function_call_output":
            return
        call_id = str(item.get("call_id"))
        if call_id not in self._open_calls:
            self._wire.refuse(command, "invalid_tool_call_id", f"No tool call {call_id} is open.")
            return
        self._open_calls.remove(call_id)
        self._has_results = True

    def go_on(self, command: dict[str, Any]) -> None:
        """The client has all results in."""
        if self._open_calls or not self._has_results:
            self._wire.refuse(command, "invalid_request", "There is nothing to go on with.")
            return
        self._has_results = False
        response_id = self._wire.ids.next("resp")
        self._tell("response.created", response=self._shown(response_id, "in_progress"))
        text = {"type": "output_text", "text": "noted", "annotations": [], "logprobs": []}
        item = {
            "type": "message",
            "id": self._wire.ids.next("msg"),
            "role": "assistant",
            "status": "completed",
            "content": [text],
        }
        self._tell("response.output_item.done", item=item, output_index=0)
        self._tell("response.completed", response=self._shown(response_id, "completed"))
        self._on_result()

    def _shown(self, response_id: str, status: str) -> dict[str, Any]:
        """A snapshot of an answer, without the parts that Live leaves out."""
        return {
            "id": response_id,
            "object": "response",
            "created_at": 1_790_000_000,
            "model": self.model,
            "status": status,
            "output": [],
            "tools": [],
            "tool_choice": "auto",
            "parallel_tool_calls": False,
            "usage": USAGE if status == "completed" else None,
        }

    def _tell(self, kind: str, **fields: Any) -> None:
        self._sequence += 1
        event = {"type": kind, "sequence_number": self._sequence, **fields}
        self._wire.emit(
            {"type": "response.event", "delegation_id": self._delegation_id, "event": event}
        )
