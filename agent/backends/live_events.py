"""Events of OpenAI's Live API, as its server sends them. Pure: text in, typed events out.

Only what a phone call needs is read; unknown events and fields are ignored. Times are milliseconds
of the session. Source: the types of `openai.types.live`.
"""

from typing import Annotated

import msgspec

from agent.backends.realtime_events import AudioBytes, ErrorDetail, Ignored, Item
from agent.errors import RealtimeProtocolError

DAY_MS = 86_400_000

Milliseconds = Annotated[int, msgspec.Meta(ge=0, le=DAY_MS)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]


class _Event(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What all events have in common."""


class Format(msgspec.Struct, frozen=True):
    """The format of audio in both directions."""

    type: str = ""
    rate: int = 0


class Audio(msgspec.Struct, frozen=True):
    """How audio goes in and out; without a format, the session does not say."""

    format: Format | None = None


class Session(msgspec.Struct, frozen=True):
    """The session as the server has it in force."""

    id: str = ""
    expires_at: int = 0
    audio: Audio | None = None


class Usage(msgspec.Struct, frozen=True):
    """What is billed so far of this session, never to be summed."""

    seconds: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 0.0


class SessionStarted(_Event, frozen=True, tag="session.started"):
    """Our configuration is in force, and the session's time runs."""

    session: Session


class SessionClosed(_Event, frozen=True, tag="session.closed"):
    """Nothing more comes; the usage is final."""

    reason: str
    usage: Usage = Usage()


class UsageUpdated(_Event, frozen=True, tag="session.usage.updated"):
    """What is billed so far."""

    usage: Usage


class OutputAudio(_Event, frozen=True, tag="session.output_audio.delta"):
    """The next piece of the agent's side of the line, silence included."""

    delta: AudioBytes


class InputWords(_Event, frozen=True, tag="session.input_transcript.delta"):
    """The next words of the caller."""

    delta: str
    start_ms: Milliseconds
    end_ms: Milliseconds


class OutputWords(_Event, frozen=True, tag="session.output_transcript.delta"):
    """The next words of the agent."""

    delta: str
    start_ms: Milliseconds
    end_ms: Milliseconds


class LiveError(msgspec.Struct, frozen=True):
    """What went wrong; `client_event_id` is that of the command it answers."""

    type: str | None = None
    code: str | None = None
    message: str | None = None
    client_event_id: str | None = None


class ErrorOccurred(_Event, frozen=True, tag="error"):
    """The server refuses something, or gives up."""

    error: LiveError
    client_event_id: str | None = None

    @property
    def detail(self) -> ErrorDetail:
        """The same in the form in which the Realtime API's errors are judged."""
        return ErrorDetail(
            type=self.error.type,
            code=self.error.code,
            message=self.error.message,
            event_id=self.error.client_event_id or self.client_event_id,
        )


class _BackendEvent(_Event, frozen=True, tag="response.event"):
    """Something the model behind the voice does, as the Responses API tells it."""

    event: msgspec.Raw


class CachedTokens(msgspec.Struct, frozen=True):
    """Input tokens that were in the server's cache."""

    cached_tokens: Count = 0


class TaskUsage(msgspec.Struct, frozen=True):
    """What an answer of that model is billed by; cached tokens are among the input."""

    input_tokens: Count = 0
    output_tokens: Count = 0
    input_tokens_details: CachedTokens | None = None


class TaskResponse(msgspec.Struct, frozen=True):
    """One answer of the model behind the voice."""

    id: str = ""
    status: str | None = None
    usage: TaskUsage | None = None


class TaskBegun(_Event, frozen=True, tag="response.created"):
    """The model behind the voice works on something."""

    response: TaskResponse


class TaskItemDone(_Event, frozen=True, tag="response.output_item.done"):
    """A part of its answer is complete: words for the voice, or a call of a tool."""

    item: Item


class TaskCompleted(_Event, frozen=True, tag="response.completed"):
    """Its answer is complete; with calls of tools in it, it waits for their results."""

    response: TaskResponse


class TaskFailed(_Event, frozen=True, tag="response.failed"):
    """It has given up."""

    response: TaskResponse


class TaskIncomplete(_Event, frozen=True, tag="response.incomplete"):
    """Its answer was cut."""

    response: TaskResponse


TaskEvent = TaskBegun | TaskItemDone | TaskCompleted | TaskFailed | TaskIncomplete
_Top = (
    SessionStarted
    | SessionClosed
    | UsageUpdated
    | OutputAudio
    | InputWords
    | OutputWords
    | ErrorOccurred
    | _BackendEvent
)
Event = (
    SessionStarted
    | SessionClosed
    | UsageUpdated
    | OutputAudio
    | InputWords
    | OutputWords
    | ErrorOccurred
    | TaskEvent
)
READ_TYPES: frozenset[str] = frozenset(str(each.__struct_config__.tag) for each in _Top.__args__)
TASK_TYPES: frozenset[str] = frozenset(
    str(each.__struct_config__.tag) for each in TaskEvent.__args__
)
_top = msgspec.json.Decoder(_Top)
_task = msgspec.json.Decoder(TaskEvent)
_kind = msgspec.json.Decoder(Ignored)


def read_event(text: str | bytes | None) -> Event | Ignored:
    """An event from its JSON text; one of the model behind the voice is taken out of its wrapping.

    Raises RealtimeProtocolError for what is no event, and for a known one that is malformed; None
    stands for a message that is no text.
    """
    if text is None:
        raise RealtimeProtocolError("No text.")
    try:
        event: Event | _BackendEvent = _top.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _unknown(text, READ_TYPES)
    if isinstance(event, _BackendEvent):
        return _read_task(bytes(event.event))
    return event


def _read_task(text: bytes) -> TaskEvent | Ignored:
    try:
        event: TaskEvent = _task.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _unknown(text, TASK_TYPES)
    return event


def _unknown(text: str | bytes, known: frozenset[str]) -> Ignored:
    try:
        kind = _kind.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise RealtimeProtocolError("Not an event.") from error
    if kind.type in known:
        raise RealtimeProtocolError(f"A malformed {kind.type}.")
    return kind
