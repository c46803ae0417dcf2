"""Events of OpenAI's Realtime API, as its server sends them. Pure: text in, typed events out.

Only what a phone call needs is read; unknown events and fields are ignored, as the API asks of
its clients. Source: the types of `openai.types.realtime`.
"""

from typing import Annotated

import msgspec

from agent.errors import RealtimeProtocolError

AudioBytes = Annotated[bytes, msgspec.Meta(min_length=1)]
"""Comes as base64, and is decoded; what is no base64 is malformed."""


class _Event(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What all events have in common."""


class Format(msgspec.Struct, frozen=True):
    """The format of audio, `audio/pcmu` for telephone lines."""

    type: str = ""


class AudioSide(msgspec.Struct, frozen=True):
    """How audio goes in one direction."""

    format: Format = Format()


class Audio(msgspec.Struct, frozen=True):
    """How audio goes in and out."""

    input: AudioSide = AudioSide()
    output: AudioSide = AudioSide()


class Session(msgspec.Struct, frozen=True):
    """The session as the server has it in force."""

    id: str = ""
    expires_at: int = 0
    audio: Audio = Audio()


class SessionCreated(_Event, frozen=True, tag="session.created"):
    """The server is there; its session still has the server's defaults."""

    session: Session


class SessionUpdated(_Event, frozen=True, tag="session.updated"):
    """Our configuration is in force."""

    session: Session


class ErrorDetail(msgspec.Struct, frozen=True):
    """What went wrong; `event_id` is that of the client event it answers."""

    type: str | None = None
    code: str | None = None
    message: str | None = None
    event_id: str | None = None


class ErrorOccurred(_Event, frozen=True, tag="error"):
    """The server refuses something, or gives up."""

    error: ErrorDetail


class TurnEvent(_Event, frozen=True):
    """What the server tells of a turn of the caller, an item of the conversation."""

    item_id: str


class SpeechStarted(TurnEvent, frozen=True, tag="input_audio_buffer.speech_started"):
    """The caller began to speak, on the clock of the audio this session was sent."""

    audio_start_ms: int


class SpeechStopped(TurnEvent, frozen=True, tag="input_audio_buffer.speech_stopped"):
    """The caller fell silent."""

    audio_end_ms: int


class TurnCommitted(_Event, frozen=True, tag="input_audio_buffer.committed"):
    """The caller's turn is an item of the conversation now."""

    item_id: str


class TimeoutTriggered(_Event, frozen=True, tag="input_audio_buffer.timeout_triggered"):
    """Nobody spoke for a while; the server asks by itself."""

    item_id: str


class TranscriptionUsage(msgspec.Struct, frozen=True):
    """What writing down a turn is billed by: a length or tokens."""

    seconds: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0


class TurnTranscribed(
    TurnEvent, frozen=True, tag="conversation.item.input_audio_transcription.completed"
):
    """The caller's words of one turn; may come after the agent's answer."""

    transcript: str
    usage: TranscriptionUsage = TranscriptionUsage()


class TranscriptionFailed(
    TurnEvent, frozen=True, tag="conversation.item.input_audio_transcription.failed"
):
    """Nobody could write this turn down."""


class StatusDetails(msgspec.Struct, frozen=True):
    """Why a response ended as it did."""

    reason: str | None = None
    error: ErrorDetail | None = None


class CachedTokens(msgspec.Struct, frozen=True):
    """Input tokens that were in the server's cache."""

    text_tokens: int | None = None
    audio_tokens: int | None = None


class InputTokens(msgspec.Struct, frozen=True):
    """Input tokens by kind; the cached ones are among them."""

    text_tokens: int | None = None
    audio_tokens: int | None = None
    cached_tokens_details: CachedTokens | None = None


class OutputTokens(msgspec.Struct, frozen=True):
    """Output tokens by kind."""

    text_tokens: int | None = None
    audio_tokens: int | None = None


class Usage(msgspec.Struct, frozen=True):
    """What a response is billed by."""

    input_token_details: InputTokens | None = None
    output_token_details: OutputTokens | None = None


class Response(msgspec.Struct, frozen=True):
    """One answer of the model; `metadata` is what we gave it along."""

    id: str
    status: str | None = None
    status_details: StatusDetails | None = None
    metadata: dict[str, str] | None = None
    usage: Usage | None = None


class ResponseCreated(_Event, frozen=True, tag="response.created"):
    """The model begins to answer."""

    response: Response


class ResponseDone(_Event, frozen=True, tag="response.done"):
    """The answer is complete, cut or failed; the caller may still be listening to it."""

    response: Response


class Item(msgspec.Struct, frozen=True):
    """A part of the conversation: a message or a call of a tool."""

    id: str = ""
    type: str = ""
    status: str | None = None
    name: str | None = None
    call_id: str | None = None
    arguments: str | None = None


class OutputItemAdded(_Event, frozen=True, tag="response.output_item.added"):
    """The answer gets another part."""

    response_id: str
    item: Item


class OutputItemDone(_Event, frozen=True, tag="response.output_item.done"):
    """A part of the answer is complete, or was cut."""

    response_id: str
    item: Item


class AudioDelta(_Event, frozen=True, tag="response.output_audio.delta"):
    """The next piece of what the agent says."""

    response_id: str
    item_id: str
    delta: AudioBytes


class TranscriptDelta(_Event, frozen=True, tag="response.output_audio_transcript.delta"):
    """The next words of what the agent says."""

    response_id: str
    item_id: str
    delta: str


class TranscriptDone(_Event, frozen=True, tag="response.output_audio_transcript.done"):
    """All words of one part of what the agent says."""

    response_id: str
    item_id: str
    transcript: str


class Ignored(msgspec.Struct, frozen=True):
    """An event that means nothing to a phone call, or that is new."""

    type: str


Event = (
    SessionCreated
    | SessionUpdated
    | ErrorOccurred
    | SpeechStarted
    | SpeechStopped
    | TurnCommitted
    | TimeoutTriggered
    | TurnTranscribed
    | TranscriptionFailed
    | ResponseCreated
    | ResponseDone
    | OutputItemAdded
    | OutputItemDone
    | AudioDelta
    | TranscriptDelta
    | TranscriptDone
)
READ_TYPES: frozenset[str] = frozenset(str(each.__struct_config__.tag) for each in Event.__args__)
_event = msgspec.json.Decoder(Event)
_kind = msgspec.json.Decoder(Ignored)


def read_event(text: str | bytes | None) -> Event | Ignored:
    """An event from its JSON text.

    Raises RealtimeProtocolError for what is no event, and for a known one that is malformed; None
    stands for a message that is no text.
    """
    if text is None:
        raise RealtimeProtocolError("No text.")
    try:
        event: Event = _event.decode(text)
    except (msgspec.MsgspecError, UnicodeError):
        return _unknown(text)
    return event


def _unknown(text: str | bytes) -> Ignored:
    try:
        kind = _kind.decode(text)
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise RealtimeProtocolError("Not an event.") from error
    if kind.type in READ_TYPES:
        raise RealtimeProtocolError(f"A malformed {kind.type}.")
    return kind
