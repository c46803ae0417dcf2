"""Which fields a session has, and what they may be. Pure.

A field that the API does not know is refused by its path, so a wrong shape fails here as there.
"""

from typing import Any

from agent.voices import LIVE_VOICES

MAX_INSTRUCTION_TOKENS = 16_384
MAX_COMMENT_TOKENS = 500
CHARS_PER_TOKEN = 3
RATES = {"audio/pcm": {16_000, 24_000}, "audio/pcmu": {8_000}, "audio/pcma": {8_000}}

_TASK = {
    "model",
    "instructions",
    "max_output_tokens",
    "parallel_tool_calls",
    "reasoning",
    "service_tier",
    "text",
    "tool_choice",
    "tools",
}
_FIELDS = {
    "session": {
        "model",
        "audio",
        "client",
        "delegation",
        "input",
        "instructions",
        "safety_identifier",
        "store",
        "triggers",
    },
    "session.audio": {"format", "output"},
    "session.audio.format": {"type", "rate"},
    "session.audio.output": {"voice"},
    "session.delegation": {"type", "responses", "acknowledgement_delay_ms"},
    "session.delegation.responses": _TASK,
    "session.delegation.responses.reasoning": {"effort", "summary"},
}


class ShapeError(Exception):
    """A field that is missing, unknown or of no known value; `param` is its path."""

    def __init__(self, code: str, param: str) -> None:
        super().__init__(f"{code}: '{param}'.")
        self.code = code
        self.param = param


def check_session(session: Any) -> dict[str, Any]:
    """The configuration of a session. Raises ShapeError."""
    if not isinstance(session, dict):
        raise ShapeError("invalid_type", "session")
    _check_fields(session, "session")
    if not str(session.get("model", "")).startswith("gpt-live"):
        raise ShapeError("model_not_found", "session.model")
    form = (session.get("audio") or {}).get("format")
    if form is not None and form.get("rate") not in RATES.get(str(form.get("type")), set()):
        raise ShapeError("invalid_value", "session.audio.format")
    voice = ((session.get("audio") or {}).get("output") or {}).get("voice", "marin")
    if voice not in {each.name for each in LIVE_VOICES}:
        raise ShapeError("invalid_value", "session.audio.output.voice")
    instructions = session.get("instructions") or ""
    if len(instructions) > MAX_INSTRUCTION_TOKENS * CHARS_PER_TOKEN:
        raise ShapeError("string_above_max_length", "session.instructions")
    return session


def check_comment(command: dict[str, Any]) -> str:
    """The content of what is told in mid-session. Raises ShapeError."""
    if command.get("delegation_id", "missing") is not None:
        raise ShapeError("invalid_value", "delegation_id")
    content = command.get("content")
    if not isinstance(content, str) or not content:
        raise ShapeError("invalid_type", "content")
    if len(content) > MAX_COMMENT_TOKENS * CHARS_PER_TOKEN:
        raise ShapeError("string_above_max_length", "content")
    return content


def _check_fields(value: dict[str, Any], at: str) -> None:
    for name, part in value.items():
        if name not in _FIELDS[at]:
            raise ShapeError("unknown_parameter", f"{at}.{name}")
        path = f"{at}.{name}"
        if path in _FIELDS and part is not None:
            if not isinstance(part, dict):
                raise ShapeError("invalid_type", path)
            _check_fields(part, path)
