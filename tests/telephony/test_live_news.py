"""News of running calls reach who listens, and whoever tells them never waits."""

import asyncio
import time

import pytest
from prometheus_client import REGISTRY

from aloha_site.live_settings import channel_layers
from telephony import live_news
from telephony.live_news import ALL_CALLS, MAX_WAITING, group_of, listening
from tests.peers.redis import Redis, private_redis

CALL = "SIMULATED_CALL_" + "0" * 32
OTHER = "SIMULATED_CALL_" + "1" * 32
SOON_S = 3


@pytest.fixture(params=["memory", "redis"])
def layer(request, settings, tmp_path):
    """Each kind of channel layer in turn."""
    if request.param == "memory":
        settings.CHANNEL_LAYERS = channel_layers("")
        yield None
        return
    with private_redis(tmp_path) as redis:
        settings.CHANNEL_LAYERS = channel_layers(redis.url)
        yield redis


@pytest.fixture
def redis(settings, tmp_path):
    with private_redis(tmp_path) as redis:
        settings.CHANNEL_LAYERS = channel_layers(redis.url)
        yield redis


def told(outcome: str) -> float:
    return REGISTRY.get_sample_value("aloha_live_news_total", {"outcome": outcome}) or 0.0


async def hears(listener: live_news.Listener, call_sid: str) -> None:
    """Tell again and again until it is heard: a listener's first moments may be missed."""
    async with asyncio.timeout(10):
        while call_sid not in await listener.news(within_s=0.5):
            live_news.announce(call_sid)


async def test_news_of_every_call_are_heard(layer):
    async with listening(ALL_CALLS) as listener:
        await hears(listener, CALL)
        live_news.announce(CALL)
        live_news.announce(OTHER)
        heard: set[str] = set()
        async with asyncio.timeout(SOON_S):
            while heard != {CALL, OTHER}:
                heard |= await listener.news(within_s=SOON_S)


async def test_who_listens_to_one_call_hears_of_no_other(layer):
    async with listening(group_of(CALL)) as listener, listening(ALL_CALLS) as every:
        await hears(listener, CALL)
        await hears(every, OTHER)
        assert OTHER not in await listener.news(within_s=0.3)


async def test_without_news_the_wait_ends_in_time(layer):
    async with listening(ALL_CALLS) as listener:
        began = time.monotonic()
        assert await listener.news(within_s=0.2) == set()
        assert time.monotonic() - began < 1


async def test_a_call_that_changes_all_the_time_is_told_a_few_times_a_second(layer):
    async with listening(ALL_CALLS) as listener:
        await hears(listener, OTHER)
        before, until, rounds = told("sent"), time.monotonic() + 1, 0
        while time.monotonic() < until:
            live_news.announce(CALL)
            rounds += 1
            await asyncio.sleep(0.005)
        assert rounds > 50
        assert 1 <= told("sent") - before <= 7


async def test_too_many_news_are_dropped_and_counted(layer):
    before = told("dropped")
    began = time.monotonic()
    for index in range(MAX_WAITING + 7):
        live_news.announce(f"SIMULATED_CALL_{index:032x}")
    assert time.monotonic() - began < 0.5
    assert told("dropped") - before == 7


@pytest.mark.A5
@pytest.mark.parametrize("trouble", ["frozen", "killed"])
async def test_while_redis_is_away_nobody_waits_and_afterwards_news_are_heard(
    redis: Redis, trouble, caplog
):
    async with listening(ALL_CALLS) as listener:
        await hears(listener, CALL)
        failed, dropped = told("failed"), told("dropped")
        with getattr(redis, trouble)():
            slowest, until = 0.0, time.monotonic() + 3
            while time.monotonic() < until:
                began = time.monotonic()
                live_news.announce(CALL)
                slowest = max(slowest, time.monotonic() - began)
                await asyncio.sleep(0.02)
            assert await listener.news(within_s=0.1) == set()
        assert slowest < 0.05
        assert 1 <= told("failed") - failed <= 3
        assert told("dropped") - dropped > 20
        assert [record.getMessage() for record in caplog.records].count("live news not sent") == 1
        async with asyncio.timeout(10):
            while "live news sent again" not in caplog.text:
                live_news.announce(OTHER)
                await asyncio.sleep(0.1)
        await hears(listener, CALL)
