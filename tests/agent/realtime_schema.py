"""OpenAI's own types as the judge of every event in both directions."""

from functools import cache
from typing import Any, get_args

from pydantic import BaseModel, TypeAdapter

# The service names these in its session events; the types do not.
ONLY_IN_SESSIONS = {"id", "object", "expires_at"}


@cache
def _members(union: Any) -> dict[str, type[BaseModel]]:
    plain = get_args(get_args(union)[0])
    return {get_args(member.model_fields["type"].annotation)[0]: member for member in plain}


def check_client_event(event: dict[str, Any]) -> None:
    """Raises for an event that the types do not know, or that has a field they do not have."""
    from openai.types.realtime import RealtimeClientEvent  # a second for whoever only collects

    _check(_members(RealtimeClientEvent)[event["type"]], event)


def check_server_event(event: dict[str, Any]) -> None:
    """The same for what a server sends."""
    from openai.types.realtime import RealtimeServerEvent  # as above

    _check(_members(RealtimeServerEvent)[event["type"]], event)


def check_live_client_event(event: dict[str, Any]) -> None:
    """The same for what is sent to the Live API."""
    from openai.types.live import ClientEvent  # as above

    _check(_members(ClientEvent)[event["type"]], event)


def check_live_server_event(event: dict[str, Any]) -> None:
    """The same for what its server sends; what the model behind the voice does, as Responses."""
    from openai.types.live import ServerEvent  # as above
    from openai.types.responses import ResponseStreamEvent

    _check(_members(ServerEvent)[event["type"]], event)
    if event["type"] == "response.event":
        inner = event["event"]
        _check(_members(ResponseStreamEvent)[inner["type"]], inner)


def _check(member: type[BaseModel], event: dict[str, Any]) -> None:
    model = TypeAdapter(member).validate_python(event)
    extras = set(_extras(model, event["type"]))
    if event["type"] in {"session.created", "session.updated"}:
        extras -= {f"{event['type']}.session.{name}" for name in ONLY_IN_SESSIONS}
    assert not extras, f"fields unknown to the API: {sorted(extras)}"


def _extras(value: Any, at: str) -> list[str]:
    if isinstance(value, list):
        return [each for part in value for each in _extras(part, at)]
    if not isinstance(value, BaseModel):
        return []
    own = [f"{at}.{name}" for name in value.model_extra or {}]
    fields = {name: getattr(value, name) for name in type(value).model_fields}
    return own + [each for name, field in fields.items() for each in _extras(field, f"{at}.{name}")]
