"""M7: whatever comes over the socket is a frame or a FrameError, and nothing grows."""

import contextlib
import json
import random

import pytest

from telephony.errors import FrameError
from telephony.media_stream import MAX_FRAME_CHARS, read_frame
from tests.telephony.test_stream_handshake import hostile_frames, resident_mib

pytestmark = pytest.mark.M7

TRUE_FRAMES = [
    {"event": "connected", "protocol": "Call", "version": "1.0.0"},
    {
        "event": "start",
        "sequenceNumber": "1",
        "streamSid": "MZ1",
        "start": {
            "streamSid": "MZ1",
            "accountSid": "AC1",
            "callSid": "CA1",
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"callType": "live"},
        },
    },
    {
        "event": "media",
        "sequenceNumber": "2",
        "streamSid": "MZ1",
        "media": {"track": "inbound", "chunk": "1", "timestamp": "20", "payload": "//8="},
    },
    {"event": "dtmf", "streamSid": "MZ1", "dtmf": {"track": "inbound_track", "digit": "5"}},
    {"event": "mark", "streamSid": "MZ1", "mark": {"name": "0:200:hello"}},
    {"event": "stop", "streamSid": "MZ1", "stop": {"accountSid": "AC1", "callSid": "CA1"}},
]
PUZZLING = ['"', "\\", "{", "}", "[", "null", "\\ud800", "\0", "1e999", "-0", "٣", "𝄞", "'", ","]


def mutated(rng: random.Random) -> str:
    """A frame as documented, with a few characters changed, doubled, cut out or swapped."""
    text = json.dumps(rng.choice(TRUE_FRAMES))
    for _ in range(rng.randrange(1, 6)):
        at, length = rng.randrange(len(text) + 1), rng.randrange(12)
        put = rng.choice([rng.choice(PUZZLING), text[at : at + length] * rng.randrange(3), ""])
        text = text[:at] + put + text[at + length * rng.randrange(2) :]
    return text


def read_fuzzed(count: int, *, seed: int) -> int:
    """Read so many frames; how many of them were refused."""
    rng = random.Random(seed)
    hostile = [frame for frame in hostile_frames(500, seed=seed) if isinstance(frame, str)]
    refused = 0
    for number in range(count):
        text = rng.choice(hostile) if number % 4 == 0 else mutated(rng)
        with contextlib.suppress(FrameError):
            read_frame(text)
            continue
        refused += 1
    return refused


def test_10000_fuzzed_frames_are_read_or_refused():
    assert 1_000 < read_fuzzed(10_000, seed=1) < 10_000


@pytest.mark.soak
def test_200000_fuzzed_frames_are_read_or_refused_in_flat_memory():
    read_fuzzed(10_000, seed=2)
    before_mib = resident_mib()
    refused = read_fuzzed(200_000, seed=3)
    print(f"200000 frames, {refused} refused, {resident_mib() - before_mib:.1f} MiB more")
    assert resident_mib() - before_mib < 5


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 100_000, id="deep"),
        pytest.param(" " * MAX_FRAME_CHARS + "{}", id="long"),
        pytest.param('{"event":' * 1_500 + "1" + "}" * 1_500, id="nested"),
        pytest.param('{"event":"media","media":{"payload":"' + "A" * 5_000 + '"}}', id="payload"),
    ],
)
def test_frames_of_unreasonable_size_are_refused(text):
    with pytest.raises(FrameError):
        read_frame(text)
