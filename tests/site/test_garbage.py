"""What is over is gone at once: the garbage collector's passes stop the audio of all calls."""

import asyncio
import contextlib
import gc
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from agent.fake_live.server import FakeLive
from agent.fake_realtime.faults import Fault, Kind, Phase
from agent.fake_realtime.script import canned_conversation
from agent.fake_realtime.server import FakeRealtime
from telephony import draining
from telephony.simulator.callers import WavCaller
from tests.journeys.test_live_agent_call import use as use_live  # noqa: F401
from tests.journeys.test_realtime_call import dial, number, use  # noqa: F401

# Who calls, who plays the agent, and rows, which refer to their files and these to them.
NOT_OURS = (".simulator.", ".fake_live.", ".fake_realtime.", ".models.")
WATCHED = ("django.core.handlers.", "uvicorn.", "agent.", "aloha_site.", "telephony.")


@contextlib.asynccontextmanager
async def garbage() -> AsyncIterator[Counter[str]]:
    """How many objects refer to themselves after the block and its calls, by their class."""
    found: Counter[str] = Counter()
    gc.collect()
    gc.disable()
    try:
        yield found
        for _ in range(100):
            if draining.here.stream_count == 0:
                break
            await asyncio.sleep(0.1)
        assert draining.here.stream_count == 0
        await asyncio.sleep(0.3)  # the server sees the carrier off
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        names = (f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.garbage)
        watched = (name for name in names if name.startswith(WATCHED))
        found.update(name for name in watched if not any(part in name for part in NOT_OURS))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def silent() -> WavCaller:
    return WavCaller([], hang_up_at_ms=5_500)


async def test_a_call_and_its_webhooks_leave_nothing_behind(aloha_url, number):  # noqa: F811
    await dial(aloha_url, number, silent())
    async with garbage() as found:
        await dial(aloha_url, number, silent())
    assert found == {}


FAULTS = [
    pytest.param(None, id="all is well"),
    pytest.param(Fault(kind=Kind.REFUSED, phase=Phase.UPGRADE), id="refused"),
    pytest.param(Fault(kind=Kind.CLOSED, phase=Phase.GREETING), id="lost twice"),
]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.check
async def test_an_agent_leaves_nothing_behind(aloha_url, number, use, fault):  # noqa: F811
    async with FakeRealtime(canned_conversation, fault=fault) as server:
        use(server)
        await dial(aloha_url, number, silent())
        async with garbage() as found:
            await dial(aloha_url, number, silent())
    assert found == {}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.check
async def test_a_live_agent_leaves_nothing_behind(aloha_url, number, use_live, fault):  # noqa: F811
    async with FakeLive(canned_conversation, fault=fault) as server:
        use_live(server)
        await dial(aloha_url, number, silent())
        async with garbage() as found:
            await dial(aloha_url, number, silent())
    assert found == {}
