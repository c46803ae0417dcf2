"""Which fields a session has, and how updates change them. Pure.

The API refuses a field that it does not know by its path; so a wrong or outdated shape fails here
as it would there.
"""

import copy
from typing import Any

# Each field of a session: None for a value, a table for an object that is merged.
_SESSION: dict[str, Any] = {
    "type": None,
    "audio": {
        "input": {
            "format": None,
            "noise_reduction": None,
            "transcription": None,
            "turn_detection": None,
        },
        "output": {"format": None, "voice": None, "speed": None},
    },
    "include": None,
    "instructions": None,
    "max_output_tokens": None,
    "model": None,
    "output_modalities": None,
    "parallel_tool_calls": None,
    "reasoning": None,
    "tool_choice": None,
    "tools": None,
    "tracing": None,
    "truncation": None,
}
# Objects that are replaced as a whole, and the fields they may have.
_WHOLE = {
    "format": {"audio/pcm": {"rate"}, "audio/pcmu": set(), "audio/pcma": set()},
    "turn_detection": {
        "server_vad": {
            "threshold",
            "prefix_padding_ms",
            "silence_duration_ms",
            "idle_timeout_ms",
            "create_response",
            "interrupt_response",
        },
        "semantic_vad": {"eagerness", "create_response", "interrupt_response"},
    },
    "noise_reduction": {"near_field": {"strength"}, "far_field": {"strength"}},
}
_TRANSCRIPTION = {"model", "language", "languages", "prompt", "keywords", "delay"}


class ShapeError(Exception):
    """A field that is missing, unknown or of no known value; `param` is its path."""

    def __init__(self, code: str, param: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.param = param


def default_session(session_id: str, *, model: str, expires_at: int) -> dict[str, Any]:
    """A session as it is before the first update: not a telephone's."""
    detection = {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 200,
        "idle_timeout_ms": None,
        "create_response": True,
        "interrupt_response": True,
    }
    pcm = {"type": "audio/pcm", "rate": 24000}
    return {
        "type": "realtime",
        "object": "realtime.session",
        "id": session_id,
        "expires_at": expires_at,
        "model": model,
        "output_modalities": ["audio"],
        "instructions": "Be a helpful voice assistant.",
        "tools": [],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "tracing": None,
        "truncation": "auto",
        "include": None,
        "audio": {
            "input": {
                "format": pcm,
                "noise_reduction": None,
                "transcription": None,
                "turn_detection": detection,
            },
            "output": {"format": pcm, "voice": "alloy", "speed": 1.0},
        },
    }


def updated(session: dict[str, Any], change: Any) -> dict[str, Any]:
    """The session with an update merged in. Raises ShapeError; nothing is changed then."""
    if not isinstance(change, dict):
        raise ShapeError("invalid_type", "session", "Invalid type for 'session'.")
    if change.get("type") != "realtime":
        raise ShapeError(
            "missing_required_parameter",
            "session.type",
            "Missing required parameter: 'session.type'.",
        )
    merged = copy.deepcopy(session)
    _merge(merged, change, _SESSION, "session")
    if merged["model"] != session["model"]:
        raise ShapeError("invalid_value", "session.model", "The model cannot be changed.")
    return merged


def _merge(target: dict[str, Any], change: dict[str, Any], table: dict[str, Any], at: str) -> None:
    for name, value in change.items():
        path = f"{at}.{name}"
        if name not in table:
            raise _unknown(path)
        if table[name] is not None:
            if not isinstance(value, dict):
                raise ShapeError("invalid_type", path, f"Invalid type for '{path}'.")
            _merge(target.setdefault(name, {}), value, table[name], path)
        else:
            _check_whole(name, value, path)
            target[name] = value


def _check_whole(name: str, value: Any, path: str) -> None:
    if value is None:
        return
    if name == "transcription":
        allowed, given = _TRANSCRIPTION, set(value)
    elif name in _WHOLE:
        kinds = _WHOLE[name]
        if not isinstance(value, dict) or value.get("type") not in kinds:
            raise ShapeError("invalid_value", f"{path}.type", f"Invalid value: '{path}.type'.")
        allowed, given = kinds[value["type"]], set(value) - {"type"}
    else:
        return
    for unknown in sorted(given - allowed):
        raise _unknown(f"{path}.{unknown}")


def _unknown(path: str) -> ShapeError:
    return ShapeError("unknown_parameter", path, f"Unknown parameter: '{path}'.")
