"""What the carrier accepts on a media socket."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.simulator.errors import InvalidStreamMessage
from telephony.simulator.stream_messages import Clear, Mark, Media, read_server_message

SID = "MZ" + "0" * 32


def read(message: object) -> object:
    return read_server_message(json.dumps(message), stream_sid=SID)


def test_the_three_documented_messages():
    media = read({"event": "media", "streamSid": SID, "media": {"payload": "//8="}})
    mark = read({"event": "mark", "streamSid": SID, "mark": {"name": "end"}})
    clear = read({"event": "clear", "streamSid": SID})
    assert isinstance(media, Media)
    assert media.media.payload == b"\xff\xff"
    assert isinstance(mark, Mark)
    assert mark.mark.name == "end"
    assert isinstance(clear, Clear)


@pytest.mark.parametrize(
    "message",
    [
        pytest.param({"event": "clear", "streamSid": "MZ" + "1" * 32}, id="another stream"),
        pytest.param({"event": "clear"}, id="no stream"),
        pytest.param({"event": "clear", "streamSid": SID, "why": ""}, id="an extra field"),
        pytest.param({"event": "mark", "streamSid": SID}, id="a mark without a name"),
        pytest.param({"event": "stop", "streamSid": SID}, id="an unknown event"),
        pytest.param({"event": "mark", "streamSid": SID, "mark": {"name": 1}}, id="a number"),
        pytest.param(
            {"event": "media", "streamSid": SID, "media": {"payload": "?"}}, id="no base64"
        ),
        pytest.param(
            {"event": "media", "streamSid": SID, "media": {"payload": "", "track": "outbound"}},
            id="a track",
        ),
        pytest.param([], id="a list"),
    ],
)
def test_anything_else_is_invalid(message):
    with pytest.raises(InvalidStreamMessage) as caught:
        read(message)
    assert caught.value.code == "31951"


@given(st.text(max_size=200))
def test_text_of_any_kind_raises_nothing_else(raw):
    with pytest.raises(InvalidStreamMessage):
        read_server_message(raw, stream_sid=SID)
