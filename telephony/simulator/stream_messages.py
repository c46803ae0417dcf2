"""The carrier's words on the media socket, and what it accepts from us. Pure.

Source: Twilio Media Streams, "WebSocket messages"; numbers are text wherever Twilio writes them so.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

import msgspec

from telephony.simulator.call_identity import CallIdentity
from telephony.simulator.errors import InvalidStreamMessage
from telephony.simulator.loudness import FRAME_MS

MEDIA_FORMAT = {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}
CONNECTED = json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"})


class Payload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base64 audio, decoded."""

    payload: bytes


class MarkName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a mark is called."""

    name: str


class Media(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="event", tag="media"
):
    """Play this audio to the caller."""

    stream_sid: str = msgspec.field(name="streamSid")
    media: Payload


class Mark(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="event", tag="mark"):
    """Tell us when everything before this has been played."""

    stream_sid: str = msgspec.field(name="streamSid")
    mark: MarkName


class Clear(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="event", tag="clear"
):
    """Drop what has not been played."""

    stream_sid: str = msgspec.field(name="streamSid")


ServerMessage = Media | Mark | Clear
_decoder: msgspec.json.Decoder[ServerMessage] = msgspec.json.Decoder(ServerMessage)


def read_server_message(raw: str, *, stream_sid: str) -> ServerMessage:
    """One text frame from the server. Raises InvalidStreamMessage."""
    try:
        message = _decoder.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidStreamMessage(f"The server sent an invalid message: {error}") from error
    if message.stream_sid != stream_sid:
        raise InvalidStreamMessage("The server sent a message with another streamSid.")
    return message


class StreamWriter:
    """Writes the carrier's messages of one stream; `sequenceNumber` runs through all of them."""

    def __init__(self, *, identity: CallIdentity, stream_sid: str) -> None:
        self._identity = identity
        self._stream_sid = stream_sid
        self._sequence = 0
        self._chunk = 0

    def start(self, parameters: Mapping[str, str]) -> str:
        """The first message after `connected`."""
        return self._message(
            "start",
            {
                "streamSid": self._stream_sid,
                "accountSid": self._identity.account_sid,
                "callSid": self._identity.call_sid,
                "tracks": ["inbound"],
                "mediaFormat": MEDIA_FORMAT,
                "customParameters": dict(parameters),
            },
        )

    def media(self, frame: bytes) -> str:
        """20 ms of the caller."""
        self._chunk += 1
        return self._message(
            "media",
            {
                "track": "inbound",
                "chunk": str(self._chunk),
                "timestamp": str(self._chunk * FRAME_MS),
                "payload": base64.b64encode(frame).decode("ascii"),
            },
        )

    def mark(self, name: str) -> str:
        """A mark comes back."""
        return self._message("mark", {"name": name})

    def dtmf(self, digit: str) -> str:
        """The caller pressed a key."""
        return self._message("dtmf", {"track": "inbound_track", "digit": digit})

    def stop(self) -> str:
        """The last message."""
        return self._message(
            "stop",
            {"accountSid": self._identity.account_sid, "callSid": self._identity.call_sid},
        )

    def _message(self, event: str, content: dict[str, Any]) -> str:
        self._sequence += 1
        return json.dumps(
            {
                "event": event,
                "sequenceNumber": str(self._sequence),
                "streamSid": self._stream_sid,
                event: content,
            }
        )
