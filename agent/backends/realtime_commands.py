"""What is sent to OpenAI's Realtime API: client events as JSON text in UTF-8. Pure.

Every event but audio carries an `event_id` of ours, by which an error names what it refuses.
No `prompt` field, no beta shape: both have ended. Source: the types of `openai.types.realtime`.
"""

from binascii import b2a_base64
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from agent.backends.realtime_tools import tools_for

LINE_FORMAT = "audio/pcmu"
"""G.711 mu-law; a `rate` beside it is refused."""
CONTENT_INDEX = 0  # what the agent says has one content part

_APPEND_PREFIX = b'{"type":"input_audio_buffer.append","audio":"'
_APPEND_SUFFIX = b'"}'


class TurnDetection(StrEnum):
    """Who decides that the caller has finished: silence alone, or what was said as well."""

    SERVER_VAD = "server_vad"
    SEMANTIC_VAD = "semantic_vad"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOptions:
    """How sessions are set up; the same for every call."""

    model: str = "gpt-realtime-2.1"
    transcription_model: str = "gpt-transcribe"
    turn_detection: TurnDetection = TurnDetection.SERVER_VAD
    threshold: float = 0.5
    prefix_padding_ms: int = 300
    silence_duration_ms: int = 500
    eagerness: str = "auto"
    noise_reduction: str = "near_field"  # or far_field, or none
    max_output_tokens: int = 1024  # about 40 s of speech

    @property
    def reasons(self) -> bool:
        """Whether the model takes the fields that only reasoning models know."""
        return self.model.startswith("gpt-realtime-2")


def append_audio(audio: bytes) -> bytes:
    """20 ms of the caller, mu-law."""
    return b"".join((_APPEND_PREFIX, b2a_base64(audio, newline=False), _APPEND_SUFFIX))


def commit_audio(event_id: str) -> bytes:
    """Make the caller's unfinished turn an item of the conversation."""
    return _event("input_audio_buffer.commit", event_id)


def configure(
    event_id: str,
    *,
    options: SessionOptions,
    instructions: str,
    voice: str,
    language: str,
    outbound: bool = False,
) -> bytes:
    """Set up a session for a telephone line; nothing is left to the server's defaults."""
    session: dict[str, Any] = {
        "type": "realtime",
        "output_modalities": ["audio"],
        "instructions": instructions,
        "max_output_tokens": options.max_output_tokens,
        "audio": {
            "input": {
                "format": {"type": LINE_FORMAT},
                "noise_reduction": _noise_reduction(options),
                "transcription": _transcription(options, language),
                "turn_detection": _turn_detection(options, answers=True),
            },
            "output": {"format": {"type": LINE_FORMAT}, "voice": voice, "speed": 1.0},
        },
        "tools": tools_for(outbound=outbound),
        "tool_choice": "auto",
        "truncation": {"type": "retention_ratio", "retention_ratio": 0.8},
        "tracing": None,  # traces hold callers' words
    }
    if options.reasons:
        session |= {"reasoning": {"effort": "low"}, "parallel_tool_calls": False}
    return _event("session.update", event_id, session=session)


def stop_answering(event_id: str, *, options: SessionOptions) -> bytes:
    """From now on the caller is heard and written down, but neither answered nor given way to."""
    turn_detection = _turn_detection(options, answers=False)
    return _event(
        "session.update",
        event_id,
        session={"type": "realtime", "audio": {"input": {"turn_detection": turn_detection}}},
    )


def create_response(
    event_id: str, *, purpose: str, instructions: str = "", may_call_tools: bool = True
) -> bytes:
    """Ask the model to speak. `instructions` stand in for those of the session, if any."""
    response: dict[str, Any] = {"metadata": {"purpose": purpose}}
    if instructions:
        response["instructions"] = instructions
    if not may_call_tools:
        response["tool_choice"] = "none"
    return _event("response.create", event_id, response=response)


def cancel_response(event_id: str, response_id: str) -> bytes:
    """Stop an answer that is still being made."""
    return _event("response.cancel", event_id, response_id=response_id)


def truncate_item(event_id: str, item_id: str, heard_ms: int) -> bytes:
    """Tell the model how much of its words was heard."""
    return _event(
        "conversation.item.truncate",
        event_id,
        item_id=item_id,
        content_index=CONTENT_INDEX,
        audio_end_ms=heard_ms,
    )


def delete_item(event_id: str, item_id: str) -> bytes:
    """Tell the model that these words were never heard."""
    return _event("conversation.item.delete", event_id, item_id=item_id)


def add_context(event_id: str, text: str) -> bytes:
    """Tell the model something that the caller does not hear."""
    content = [{"type": "input_text", "text": text}]
    item = {"type": "message", "role": "system", "content": content}
    return _event("conversation.item.create", event_id, item=item)


def answer_tool(event_id: str, call_id: str, output: str) -> bytes:
    """The result of a tool, as text for the model."""
    item = {"type": "function_call_output", "call_id": call_id, "output": output}
    return _event("conversation.item.create", event_id, item=item)


def _event(kind: str, event_id: str, **fields: Any) -> bytes:
    return msgspec.json.encode({"type": kind, "event_id": event_id, **fields})


def _noise_reduction(options: SessionOptions) -> dict[str, str] | None:
    return None if options.noise_reduction == "none" else {"type": options.noise_reduction}


def _transcription(options: SessionOptions, language: str) -> dict[str, str]:
    """`language` is like en-US; the API wants its first part."""
    spoken = language.partition("-")[0].lower()
    return {"model": options.transcription_model} | ({"language": spoken} if spoken else {})


def _turn_detection(options: SessionOptions, *, answers: bool) -> dict[str, Any]:
    answering = {"create_response": answers, "interrupt_response": answers}
    if options.turn_detection is TurnDetection.SEMANTIC_VAD:
        return {"type": "semantic_vad", "eagerness": options.eagerness, **answering}
    return {
        "type": "server_vad",
        "threshold": options.threshold,
        "prefix_padding_ms": options.prefix_padding_ms,
        "silence_duration_ms": options.silence_duration_ms,
        "idle_timeout_ms": None,  # the line's own watchdog asks, for every kind of agent
        **answering,
    }
