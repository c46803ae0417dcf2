"""What is sent to OpenAI's Live API: client events as JSON text in UTF-8. Pure.

Model, voice, format and instructions hold from the start of a session to its end. Every event but
audio carries an `event_id` of ours, by which an error names what it refuses. Source: the types of
`openai.types.live`.
"""

from binascii import b2a_base64
from dataclasses import dataclass
from typing import Any

import msgspec

from agent.backends.realtime_tools import tools_for

LINE_FORMAT = "audio/pcmu"
LINE_RATE_HZ = 8000
"""Of G.711 mu-law; unlike the Realtime API this one wants it named."""
MAX_COMMENT_CHARS = 1_500
"""500 tokens, at three characters a token in the worst of the languages spoken."""
MAX_TASK_TOKENS = 2_000  # what it thinks included

_APPEND_PREFIX = b'{"type":"session.input_audio.append","audio":"'
_APPEND_SUFFIX = b'"}'


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOptions:
    """How sessions are set up; the same for every call."""

    model: str = "gpt-live-1"
    task_model: str = "gpt-5.6-luna"

    @property
    def reasons(self) -> bool:
        """Whether the model behind the voice takes the field that only reasoning models know."""
        return self.task_model.startswith(("gpt-5", "gpt-6"))


def append_audio(audio: bytes) -> bytes:
    """Some of the caller's audio, mu-law."""
    return b"".join((_APPEND_PREFIX, b2a_base64(audio, newline=False), _APPEND_SUFFIX))


def start(
    event_id: str,
    *,
    options: LiveOptions,
    instructions: str,
    task_instructions: str,
    voice: str,
    outbound: bool = False,
) -> bytes:
    """Begin a session on a telephone line; to be sent before anything else."""
    task: dict[str, Any] = {
        "model": options.task_model,
        "instructions": task_instructions,
        "tools": tools_for(outbound=outbound),
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "max_output_tokens": MAX_TASK_TOKENS,
    }
    if options.reasons:
        task["reasoning"] = {"effort": "low"}
    session = {
        "model": options.model,
        "instructions": instructions,
        "audio": {
            "format": {"type": LINE_FORMAT, "rate": LINE_RATE_HZ},
            "output": {"voice": voice},
        },
        "delegation": {"type": "responses", "responses": task},
        "store": False,  # a stored session holds callers' voices
    }
    return _event("session.start", event_id, session=session)


def comment(event_id: str, content: str) -> bytes:
    """Tell the model what to say now; it finds its own words."""
    content = content[:MAX_COMMENT_CHARS]
    return _event("session.commentary.append", event_id, delegation_id=None, content=content)


def answer_tool(event_id: str, call_id: str, output: str) -> bytes:
    """The result of a tool, as text for the model behind the voice."""
    item = {"type": "function_call_output", "call_id": call_id, "output": output}
    return _event("response.item.create", event_id, item=item)


def go_on_with_task(event_id: str) -> bytes:
    """Let the model behind the voice go on, once all calls of its answer have a result."""
    return _event("response.create", event_id)


def close(event_id: str) -> bytes:
    """End the session; the server answers with what it comes to."""
    return _event("session.close", event_id)


def _event(kind: str, event_id: str, **fields: Any) -> bytes:
    return msgspec.json.encode({"type": kind, "event_id": event_id, **fields})
