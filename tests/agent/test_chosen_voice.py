"""M10: the voice that the owner chose is the one that the service is asked to speak with."""

import pytest

from agent.backends.openai_live import OpenAILiveBackend
from agent.backends.openai_realtime import OpenAIRealtimeBackend
from agent.fake_live.server import FakeLive
from agent.fake_realtime.script import canned_conversation
from agent.fake_realtime.server import FakeRealtime
from agent.voices import LIVE_VOICES, REALTIME_VOICES
from tests.agent.realtime_call import brief

pytestmark = pytest.mark.M10
LAST_OF_REALTIME = REALTIME_VOICES[-1].name
LAST_OF_LIVE = LIVE_VOICES[-1].name


@pytest.mark.parametrize("voice", ["cedar", LAST_OF_REALTIME])
async def test_it_reaches_the_realtime_session(voice):
    async with FakeRealtime(canned_conversation) as server:
        backend = OpenAIRealtimeBackend(api_key="a-key", url=server.url)
        session = await backend.open_session(brief(voice=voice))
        await session.close()
    (update,) = server.sessions[0].got("session.update")
    assert update["session"]["audio"]["output"]["voice"] == voice


@pytest.mark.parametrize("voice", ["cedar", LAST_OF_LIVE])
async def test_it_reaches_the_live_session(voice):
    async with FakeLive(canned_conversation) as server:
        backend = OpenAILiveBackend(api_key="a-key", url=server.url)
        session = await backend.open_session(brief(voice=voice))
        await session.close()
    (start,) = server.sessions[0].got("session.start")
    assert start["session"]["audio"]["output"]["voice"] == voice
