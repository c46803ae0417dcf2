"""What a carrier sends for audio and is none: counted, and nobody hears it."""

import pytest
from asgiref.sync import sync_to_async

from tests.peers.media_line import MediaLine, stream_url
from tests.peers.no_base64 import NO_BASE64
from tests.peers.puppet_agent import sounding
from tests.telephony.test_barge_in import facts_of, next_frame, puppet_on
from tests.telephony.test_recording import channels, frame
from tests.telephony.test_stream_handshake import closed, issue_call, recording_of

pytestmark = [pytest.mark.M7, pytest.mark.usefixtures("puppet")]

SILENCE, VOICE = frame(0xFF), frame(0x20)


@pytest.fixture
def call(aloha_url, owner):
    return issue_call(owner)


async def test_what_is_no_base64_is_counted_and_reaches_neither_agent_nor_recording(call):
    async with MediaLine(stream_url(call)) as line:
        agent = await puppet_on(line, call)
        for number, payload in enumerate(NO_BASE64):
            media = {"payload": payload, "timestamp": str(number * 40)}
            await line.send({"event": "media", "media": media})
            await line.media(2 * number + 1, VOICE)
        agent.does(sounding("the call goes on", 20))
        await next_frame(line, "media")
        await line.send({"event": "stop", "streamSid": "", "stop": {}})
        assert await closed(call) == "caller_left"
    assert agent.heard == [VOICE] * len(NO_BASE64)
    assert (await facts_of(call))["bad_frames"] == len(NO_BASE64)
    recorded, _ = await sync_to_async(channels)(await recording_of(call))
    expected = (SILENCE + VOICE) * len(NO_BASE64)
    assert recorded[: len(expected)] == expected
