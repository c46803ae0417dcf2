"""Redis dies or stands still in the middle of a call: no frame is lost, and none comes later."""

import asyncio

import pytest
from asgiref.sync import sync_to_async
from prometheus_client import REGISTRY

from aloha_site.live_settings import channel_layers
from tests.factories import make_number
from tests.peers.media_line import MediaLine, stream_url
from tests.peers.redis import private_redis
from tests.telephony.test_stream_socket import issue_call

FRAMES = 60
TROUBLE_AFTER_S = 0.2
TRIES = 6
"""A busy machine delays a frame now and then; a media path that waits does it every time."""


async def echoed(call) -> list[float]:
    """Seconds there and back of each frame, in order; raises when one is lost."""
    async with MediaLine(stream_url(call)) as line:
        await line.start(call.call_sid)
        return await line.echo_delays(FRAMES)


def unsent() -> float:
    counted = [
        REGISTRY.get_sample_value("aloha_live_news_total", {"outcome": outcome})
        for outcome in ("failed", "dropped")
    ]
    return sum(count or 0.0 for count in counted)


async def counted_as_unsent(before: float) -> None:
    """News have met the trouble: a layer that stands still is given a second."""
    for _ in range(50):
        if unsent() > before:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("every news was sent")


@pytest.mark.check
@pytest.mark.A5
@pytest.mark.measured
@pytest.mark.parametrize("trouble", ["frozen", "killed"])
async def test_no_frame_is_lost_or_late_without_redis(
    aloha_url, owner, settings, tmp_path, trouble
):
    settings.AGENT = {"BACKEND": "tests.peers.echo_agent.EchoBackend", "OPTIONS": {}}
    number = await sync_to_async(make_number)(owner)
    with private_redis(tmp_path) as redis:
        settings.CHANNEL_LAYERS = channel_layers(redis.url)
        for _ in range(TRIES):
            before = unsent()
            call = await sync_to_async(issue_call)(owner, number=number)
            talking = asyncio.create_task(echoed(call))
            await asyncio.sleep(TROUBLE_AFTER_S)
            with getattr(redis, trouble)():
                delays = await talking
                await counted_as_unsent(before)
            if max(delays) < 0.02:
                break
    print(f"{trouble}: longest echo {max(delays) * 1000:.1f} ms")
    assert len(delays) == FRAMES
    assert max(delays) < 0.02
