"""The tools of the voice agent: what it may call, with which arguments. Pure.

The model decides nothing but to note a message, to take leave and, where it has called, to note
that no more calls are wanted. Nothing here looks up a person or a number; whose call it is, the
server knows. What is not on the list, or not of the
right form, is answered and never carried out.
"""

from typing import Any, Literal, assert_never

import msgspec

from agent.backends.realtime_events import Item
from agent.errors import ToolRefused

MAX_ARGUMENTS_CHARS = 4_000
MAX_CALL_ID_CHARS = 64
MAX_STREAK = 4
MAX_CALLS = 16
"""In one answer."""

TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "name": "take_message",
        "description": "Note the caller's message, once you know what it is about. "
        "Call it again when the caller corrects or adds something.",
        "parameters": {
            "type": "object",
            "properties": {
                "caller_name": {
                    "type": ["string", "null"],
                    "maxLength": 100,
                    "description": "The caller's name as they gave it.",
                },
                "reason": {
                    "type": "string",
                    "maxLength": 1000,
                    "description": "What the caller wants, in one or two sentences.",
                },
                "urgency": {"type": "string", "enum": ["low", "normal", "high"]},
                "callback_number": {
                    "type": ["string", "null"],
                    "maxLength": 40,
                    "description": "Only a number that the caller said aloud.",
                },
            },
            "required": ["caller_name", "reason", "urgency", "callback_number"],
            "additionalProperties": False,
        },
    },
    {
        "type": "function",
        "name": "end_call",
        "description": "End the call, once the caller has nothing to add. "
        "Say goodbye in the same answer.",
        "parameters": {"type": "object", "properties": {}, "additionalProperties": False},
    },
]
OUTBOUND_TOOLS: list[dict[str, Any]] = [
    *TOOLS,
    {
        "type": "function",
        "name": "do_not_call",
        "description": "Note that the person you called wants no more calls, in whatever words. "
        "It holds for this person, from now on.",
        "parameters": {"type": "object", "properties": {}, "additionalProperties": False},
    },
]
"""Of a call that the agent has placed."""


class TakeMessage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The caller's message as the agent understood it: the caller's words, not to be trusted."""

    reason: str
    urgency: Literal["low", "normal", "high"] = "normal"
    caller_name: str | None = None
    callback_number: str | None = None


class EndCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The agent takes leave."""


class StopCalling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whoever was called wants no more calls; who that is, the server knows."""


ToolCall = TakeMessage | EndCall | StopCalling

_ARGUMENTS: dict[str, type[TakeMessage] | type[EndCall]] = {
    "take_message": TakeMessage,
    "end_call": EndCall,
}
_OUTBOUND_ARGUMENTS: dict[str, type[TakeMessage] | type[EndCall] | type[StopCalling]] = {
    **_ARGUMENTS,
    "do_not_call": StopCalling,
}
_LIMITS = {"reason": 1000, "caller_name": 100, "callback_number": 40}


def tools_for(*, outbound: bool) -> list[dict[str, Any]]:
    """What a session is told that it may call."""
    return OUTBOUND_TOOLS if outbound else TOOLS


def read_tool_call(name: str | None, arguments: str | None, *, outbound: bool = False) -> ToolCall:
    """A call of a tool, checked. Raises ToolRefused with words for the model."""
    kind = (_OUTBOUND_ARGUMENTS if outbound else _ARGUMENTS).get(name or "")
    if kind is None:
        raise ToolRefused("There is no such tool.")
    if arguments is not None and len(arguments) > MAX_ARGUMENTS_CHARS:
        raise ToolRefused("These arguments are too long.")
    try:
        call = msgspec.json.decode(arguments or "{}", type=kind, strict=True)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise ToolRefused("These arguments do not fit the tool.") from error
    if isinstance(call, TakeMessage):
        _check_lengths(call)
    return call


def _check_lengths(call: TakeMessage) -> None:
    if not call.reason.strip():
        raise ToolRefused("The reason is empty.")
    for field, limit in _LIMITS.items():
        if len(getattr(call, field) or "") > limit:
            raise ToolRefused(f"The field {field} is too long.")


class Toolbox:
    """The tools of one call: carries out what is allowed, answers everything."""

    def __init__(self, *, outbound: bool = False) -> None:
        self._outbound = outbound
        self.message: TakeMessage | None = None
        self.wants_no_calls = False
        self.streak = 0  # answers in a row that called tools, while the caller said nothing
        self.refused = 0
        self.ends_call = False
        self.was_called = False  # in the answer being made
        self._calls = 0  # in the answer being made
        self._answered: set[str] = set()

    @property
    def is_stuck(self) -> bool:
        """The agent does nothing but call tools."""
        return self.streak > MAX_STREAK or self._calls > MAX_CALLS

    def answer_begins(self) -> None:
        """What was called counts for one answer of the model."""
        self.ends_call = self.was_called = False
        self._calls = 0

    def take(self, item: Item, *, was_cut: bool = False) -> tuple[str, str] | None:
        """Carry out a call, if it may be; the call's id and the result to send.

        Nothing for a call without an id, and for one that was answered. `was_cut` says that the
        answer it belongs to was, and maybe the call with it.
        """
        call_id = item.call_id
        if not call_id or len(call_id) > MAX_CALL_ID_CHARS or call_id in self._answered:
            return None
        self._answered.add(call_id)
        self.streak += 0 if self.was_called else 1
        self.was_called = True
        self._calls += 1
        try:
            self._carry_out(self._checked(item, was_cut=was_cut))
        except ToolRefused as error:
            self.refused += 1
            return call_id, _result(error=str(error))
        return call_id, _result(ok=True)

    def _carry_out(self, call: ToolCall) -> None:
        match call:
            case TakeMessage():
                self.message = call
            case EndCall():
                self.ends_call = True
            case StopCalling():
                self.wants_no_calls = True
            case _ as unknown:
                assert_never(unknown)

    def _checked(self, item: Item, *, was_cut: bool) -> ToolCall:
        # The type of an item allows it to say nothing, and what is told of here is done or cut.
        is_whole = item.status == "completed" or (item.status is None and not was_cut)
        if not is_whole:
            raise ToolRefused("The call was cut off and not carried out.")
        return read_tool_call(item.name, item.arguments, outbound=self._outbound)


def _result(**fields: Any) -> str:
    return msgspec.json.encode(fields).decode()
