"""The conversation as the stand-in's server holds it: items in order. Pure."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Held:
    """One item, and what only the server knows of it."""

    item: dict[str, Any]
    previous_id: str | None
    generated_ms: float = 0.0  # of the agent's speech
    heard_ms: int | None = None  # where the client cut it

    @property
    def length_ms(self) -> int:
        """How far it can still be cut."""
        return int(self.generated_ms) if self.heard_ms is None else self.heard_ms


@dataclass(slots=True)
class Conversation:
    """Items by id; the last one is the one that new items follow."""

    items: dict[str, Held] = field(default_factory=dict)

    @property
    def last_id(self) -> str | None:
        """The item that a new one follows."""
        return next(reversed(self.items), None)

    def add(self, item: dict[str, Any]) -> Held:
        """Put an item at the end."""
        held = Held(item, self.last_id)
        self.items[item["id"]] = held
        return held

    def awaits_output(self, call_id: str) -> bool:
        """Whether this call of a tool has been made, and not been answered."""
        kinds = [
            held.item["type"] for held in self.items.values() if held.item.get("call_id") == call_id
        ]
        return kinds == ["function_call"]

    @property
    def unanswered_calls(self) -> list[str]:
        """Calls of tools without a result."""
        calls = [held.item.get("call_id") for held in self.items.values()]
        return [str(each) for each in dict.fromkeys(calls) if each and self.awaits_output(each)]


def message(
    item_id: str, *, role: str, content: list[dict[str, Any]], status: str
) -> dict[str, Any]:
    """A message as the API shows it."""
    return {
        "id": item_id,
        "object": "realtime.item",
        "type": "message",
        "status": status,
        "role": role,
        "content": content,
    }


def function_call(
    item_id: str, *, call_id: str, name: str, arguments: str, status: str
) -> dict[str, Any]:
    """A call of a tool as the API shows it."""
    return {
        "id": item_id,
        "object": "realtime.item",
        "type": "function_call",
        "status": status,
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
    }
