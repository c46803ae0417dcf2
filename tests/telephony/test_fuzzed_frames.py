"""M7: whatever comes over the socket is a frame or a FrameError, and nothing grows."""

import contextlib
import json
import logging
import random

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from telephony.errors import FrameError
from telephony.frame_limits import MAX_BAD_FRAMES
from telephony.media_stream import MAX_FRAME_CHARS, read_frame
from telephony.models import Call
from tests.factories import make_number
from tests.peers.media_line import MediaLine, stream_url
from tests.telephony.test_barge_in import facts_of
from tests.telephony.test_stream_handshake import hostile_frames, pour, resident_mib
from tests.telephony.test_stream_socket import issue_call

pytestmark = pytest.mark.M7

PER_STREAM = MAX_BAD_FRAMES + 1
"""With the last of these a stream is closed."""
WARM_UP = 50
"""So many streams, and what is kept for all of them is there."""

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
def test_200000_fuzzed_frames_are_read_or_refused_in_flat_memory(record_property):
    read_fuzzed(10_000, seed=2)
    before_mib = resident_mib()
    refused = read_fuzzed(200_000, seed=3)
    more_mib = resident_mib() - before_mib
    record_property(
        "figures",
        f"{connection.vendor}: 200,000 frames, {refused:,} refused, {more_mib:.1f} MiB more.",
    )
    assert more_mib < 5


async def bad_frames_taken(call: Call, frames: list[str | bytes]) -> int:
    """Pour frames into a stream, which has to be closed for them; how many were counted."""
    async with MediaLine(stream_url(call)) as line:
        await line.start(call.call_sid)
        await pour(line, frames)
        assert await line.closed(within_s=10) == 1000
    return int((await facts_of(call))["bad_frames"])


@pytest.mark.check
async def test_sockets_take_10000_hostile_frames_in_flat_memory(aloha_url, owner, caplog):
    caplog.set_level(logging.ERROR, "telephony")  # pytest keeps what is logged
    number = await sync_to_async(make_number)(owner)
    streams = WARM_UP + -(-10_000 // PER_STREAM)
    frames = hostile_frames(streams * PER_STREAM, seed=8)
    taken, before_mib = 0, 0.0
    for stream in range(streams):
        if stream == WARM_UP:
            taken, before_mib = 0, resident_mib()
        call = await sync_to_async(issue_call)(owner, number)
        first = stream * PER_STREAM
        taken += await bad_frames_taken(call, frames[first : first + PER_STREAM])
    grown_mib = resident_mib() - before_mib
    print(f"{taken} hostile frames in {streams - WARM_UP} streams, {grown_mib:.1f} MiB more")
    assert taken >= 10_000
    assert grown_mib < 4  # it would be 8 if streams stayed


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
