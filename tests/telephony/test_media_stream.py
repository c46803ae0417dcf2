"""Frames of Twilio's media stream, as documented and as hostile."""

import base64
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.errors import FrameError
from telephony.media_stream import (
    MAX_AUDIO_BYTES,
    CallerAudio,
    FrameWriter,
    Ignored,
    KeyPressed,
    MarkReturned,
    StreamStarted,
    StreamStopped,
    read_frame,
)
from tests.peers.no_base64 import NO_BASE64

START = {
    "event": "start",
    "sequenceNumber": "1",
    "streamSid": "MZ18ad3ab5a668481ce02b83e7395059f0",
    "start": {
        "streamSid": "MZ18ad3ab5a668481ce02b83e7395059f0",
        "accountSid": "AC00000000000000000000000000000000",
        "callSid": "CA00000000000000000000000000000000",
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"callType": "voicemail"},
    },
}


def started(**form):
    frame = json.loads(json.dumps(START))
    frame["start"]["mediaFormat"] |= form
    return read_frame(json.dumps(frame))


@pytest.mark.parametrize(
    ("frame", "meaning"),
    [
        pytest.param(
            {"event": "connected", "protocol": "Call", "version": "1.0.0"},
            Ignored("connected"),
            id="connected",
        ),
        pytest.param(
            START,
            StreamStarted(
                START["streamSid"],
                START["start"]["callSid"],
                START["start"]["accountSid"],
                True,
            ),
            id="start",
        ),
        pytest.param(
            {
                "event": "media",
                "sequenceNumber": "2",
                "streamSid": "MZ1",
                "media": {"track": "inbound", "chunk": "1", "timestamp": "20", "payload": "//8="},
            },
            CallerAudio(b"\xff\xff", 20),
            id="media",
        ),
        pytest.param(
            {
                "event": "mark",
                "sequenceNumber": "4",
                "streamSid": "MZ1",
                "mark": {"name": "my label"},
            },
            MarkReturned("my label"),
            id="mark",
        ),
        pytest.param(
            {
                "event": "dtmf",
                "sequenceNumber": "5",
                "streamSid": "MZ1",
                "dtmf": {"track": "inbound_track", "digit": "1"},
            },
            KeyPressed("1"),
            id="dtmf",
        ),
        pytest.param(
            {
                "event": "stop",
                "sequenceNumber": "9",
                "streamSid": "MZ1",
                "stop": {"accountSid": "AC1", "callSid": "CA1"},
            },
            StreamStopped(),
            id="stop",
        ),
        pytest.param({"event": "whatever", "new": [1, {}]}, Ignored("whatever"), id="new event"),
    ],
)
def test_documented_frames_are_read(frame, meaning):
    assert read_frame(json.dumps(frame)) == meaning


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("hello", id="no JSON"),
        pytest.param("[]", id="a list"),
        pytest.param("null", id="null"),
        pytest.param("[" * 5_000, id="deeply nested"),
        pytest.param('{"event":"x","new":' + "[" * 5_000, id="deeply nested unknown field"),
        pytest.param("{}", id="no event"),
        pytest.param('{"event":1}', id="event is a number"),
        pytest.param('{"event":"media"}', id="media without media"),
        pytest.param('{"event":"start"}', id="start without start"),
        pytest.param('{"event":"mark"}', id="mark without mark"),
        pytest.param('{"event":"media","media":{"payload":"//8="}}', id="no timestamp"),
        pytest.param(
            '{"event":"media","media":{"payload":"//8=","timestamp":"-1"}}', id="negative timestamp"
        ),
        pytest.param(
            '{"event":"media","media":{"payload":"//8=","timestamp":"99999999999"}}',
            id="timestamp of three years",
        ),
        pytest.param(
            '{"event":"media","media":{"payload":"//8=","timestamp":"١"}}', id="foreign digits"
        ),
        pytest.param(
            '{"event":"media","media":{"payload":"' + "A" * 5_000 + '","timestamp":"1"}}',
            id="huge payload",
        ),
        pytest.param('{"event":"' + "x" * 20_000 + '"}', id="huge frame"),
        pytest.param('{"event":"media\ud800"}', id="lone surrogate"),
    ],
)
def test_malformed_frames_are_refused(text):
    with pytest.raises(FrameError):
        read_frame(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["event", "media", "start", "mark", "payload", "timestamp", "x"])
                | st.text(),
                inner | st.sampled_from(["media", "start", "mark", "stop"]),
            )
        ),
    )
)
def test_no_json_breaks_the_reader(value):
    with contextlib.suppress(FrameError):
        read_frame(json.dumps(value))


@pytest.mark.parametrize(
    "form",
    [{"encoding": "audio/x-alaw"}, {"sampleRate": 16_000}, {"channels": 2}],
)
def test_other_audio_formats_are_noticed(form):
    assert not started(**form).is_mulaw_8k_mono


def test_our_frames_hold_exactly_the_documented_fields():
    frames = FrameWriter("MZ1")
    assert json.loads(frames.media(b"\xff\xff")) == {
        "event": "media",
        "streamSid": "MZ1",
        "media": {"payload": "//8="},
    }
    assert json.loads(frames.mark('a"b')) == {
        "event": "mark",
        "streamSid": "MZ1",
        "mark": {"name": 'a"b'},
    }
    assert json.loads(frames.clear) == {"event": "clear", "streamSid": "MZ1"}


@given(st.binary(min_size=1, max_size=MAX_AUDIO_BYTES), st.integers(0, 10**9 - 1))
def test_audio_of_any_bytes_stays_within_its_frame_both_ways(audio, timestamp_ms):
    written = json.loads(FrameWriter("MZ1").media(audio))
    media = {"payload": base64.b64encode(audio).decode()}
    assert written == {"event": "media", "streamSid": "MZ1", "media": media}
    frame = {"event": "media", "media": media | {"timestamp": str(timestamp_ms)}}
    assert read_frame(json.dumps(frame)) == CallerAudio(audio, timestamp_ms)


def test_the_longest_audio_is_read_and_a_byte_more_is_not():
    def frame_of(size: int) -> str:
        payload = base64.b64encode(bytes(size)).decode()
        return json.dumps({"event": "media", "media": {"payload": payload, "timestamp": "1"}})

    assert read_frame(frame_of(MAX_AUDIO_BYTES)) == CallerAudio(bytes(MAX_AUDIO_BYTES), 1)
    with pytest.raises(FrameError):
        read_frame(frame_of(MAX_AUDIO_BYTES + 1))


@pytest.mark.parametrize("payload", NO_BASE64)
def test_what_is_no_base64_is_refused(payload):
    frame = {"event": "media", "media": {"payload": payload, "timestamp": "20"}}
    for text in (json.dumps(frame), json.dumps(frame, ensure_ascii=False)):
        with pytest.raises(FrameError):
            read_frame(text)


@pytest.mark.parametrize("digit", ["", "12", "E", "a", " ", "٣", "\0"])
def test_a_key_that_no_telephone_has_is_refused(digit):
    with pytest.raises(FrameError):
        read_frame(json.dumps({"event": "dtmf", "dtmf": {"digit": digit}}))
