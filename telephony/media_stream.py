"""Twilio's media stream protocol: frames in, frames out. Pure: text to events and back.

Number-like fields come as strings; unknown events and fields are ignored. Audio is base64 on the
line alone. Source: Twilio Media Streams, WebSocket messages.
"""

import contextlib
import json
from binascii import b2a_base64
from dataclasses import dataclass
from typing import Annotated

import msgspec
from msgspec import Meta

from telephony.errors import FrameError

MAX_FRAME_CHARS = 16 * 1024
MAX_AUDIO_BYTES = 3 * 1024
KEYS = "0123456789*#ABCD"


@dataclass(frozen=True, slots=True)
class StreamStarted:
    """The stream is on; audio may flow both ways from here."""

    stream_sid: str
    call_sid: str
    account_sid: str
    is_mulaw_8k_mono: bool

    def fits(self, *, call_sid: str | None, account_sid: str) -> bool:
        """Whether it is that call's, in our one format; blank stands for any account."""
        is_ours = self.call_sid == call_sid and account_sid in {"", self.account_sid}
        return is_ours and self.is_mulaw_8k_mono


class CallerAudio(msgspec.Struct, frozen=True, gc=False):
    """What the caller said from `timestamp_ms` of the stream on, mu-law."""

    audio: Annotated[bytes, Meta(min_length=1, max_length=MAX_AUDIO_BYTES)] = msgspec.field(
        name="payload"
    )
    timestamp_ms: Annotated[int, Meta(ge=0, lt=10**9)] = msgspec.field(name="timestamp")


@dataclass(frozen=True, slots=True)
class MarkReturned:
    """All audio before the mark was played, or cleared."""

    name: str


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The caller pressed a key: 0 to 9, *, # or A to D."""

    digit: str


@dataclass(frozen=True, slots=True)
class StreamStopped:
    """The call is over."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """A frame without meaning for us: connected, or something new."""

    event: str


Control = StreamStarted | MarkReturned | KeyPressed | StreamStopped | Ignored
Frame = CallerAudio | Control


class _Format(msgspec.Struct):
    encoding: str = ""
    sampleRate: int = 0  # noqa: N815
    channels: int = 0


class _Start(msgspec.Struct):
    callSid: str  # noqa: N815
    accountSid: str = ""  # noqa: N815
    mediaFormat: _Format = msgspec.field(default_factory=_Format)  # noqa: N815


class _Mark(msgspec.Struct):
    name: str


class _Dtmf(msgspec.Struct):
    digit: str


class _MediaFrame(msgspec.Struct, tag_field="event", tag="media", gc=False):
    media: CallerAudio


class _MarkFrame(msgspec.Struct, tag_field="event", tag="mark"):
    mark: _Mark


class _StartFrame(msgspec.Struct, tag_field="event", tag="start"):
    start: _Start
    streamSid: str = ""  # noqa: N815


class _DtmfFrame(msgspec.Struct, tag_field="event", tag="dtmf"):
    dtmf: _Dtmf


class _StopFrame(msgspec.Struct, tag_field="event", tag="stop"):
    pass


class _AnyFrame(msgspec.Struct):
    event: str


_Known = _MediaFrame | _MarkFrame | _StartFrame | _DtmfFrame | _StopFrame
KNOWN = frozenset(str(each.__struct_config__.tag) for each in _Known.__args__)
# Not strict: a number may come as the text of one.
_decoder = msgspec.json.Decoder(_Known, strict=False)
_any_decoder = msgspec.json.Decoder(_AnyFrame)


def read_frame(text: str | bytes) -> Frame:
    """What a text frame of the carrier says. Raises FrameError for anything malformed."""
    if len(text) > MAX_FRAME_CHARS:
        raise FrameError("The frame is too long.")
    try:
        frame = _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        return _unknown(text, error)
    if type(frame) is _MediaFrame:  # 50 times a second
        return frame.media
    match frame:
        case _MarkFrame():
            return MarkReturned(frame.mark.name)
        case _StartFrame():
            return _stream_started(frame.streamSid, frame.start)
        case _DtmfFrame():
            return _key_pressed(frame.dtmf)
        case _:
            return StreamStopped()


def _unknown(text: str | bytes, error: Exception) -> Ignored:
    with contextlib.suppress(msgspec.DecodeError, RecursionError, UnicodeError):
        kind = _any_decoder.decode(text).event
        if kind not in KNOWN:
            return Ignored(kind)
    raise FrameError(f"The frame cannot be read: {error}") from error


def _key_pressed(dtmf: _Dtmf) -> KeyPressed:
    if len(dtmf.digit) != 1 or dtmf.digit not in KEYS:
        raise FrameError("The dtmf frame names no key.")
    return KeyPressed(dtmf.digit)


def _stream_started(stream_sid: str, start: _Start) -> StreamStarted:
    wanted = ("audio/x-mulaw", 8000, 1)
    form = start.mediaFormat
    return StreamStarted(
        stream_sid=stream_sid,
        call_sid=start.callSid,
        account_sid=start.accountSid,
        is_mulaw_8k_mono=(form.encoding, form.sampleRate, form.channels) == wanted,
    )


class FrameWriter:
    """Writes our frames for one stream: exactly the documented fields, nothing else."""

    def __init__(self, stream_sid: str) -> None:
        sid = json.dumps(stream_sid)
        self._media_head = f'{{"event":"media","streamSid":{sid},"media":{{"payload":"'.encode()
        self._mark_head = f'{{"event":"mark","streamSid":{sid},"mark":{{"name":'
        self.clear = f'{{"event":"clear","streamSid":{sid}}}'.encode()

    def media(self, audio: bytes) -> bytes:
        """A frame of audio, mu-law."""
        return b"".join((self._media_head, b2a_base64(audio, newline=False), b'"}}'))

    def mark(self, name: str) -> bytes:
        """A mark, which comes back once everything before it was played or cleared."""
        return f"{self._mark_head}{json.dumps(name)}}}}}".encode()
