"""What stays of an agent that failed: its reason with the call, a line in the log, and a count."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from agent.session import AgentDone, AgentFailed
from tests.peers.media_line import MediaLine, stream_url
from tests.peers.puppet_agent import PuppetSession, saying
from tests.telephony.test_barge_in import facts_of, next_frame, puppet_on
from tests.telephony.test_stream_handshake import closed, issue_call

pytestmark = [pytest.mark.M6, pytest.mark.usefixtures("puppet")]


@pytest.fixture
def call(aloha_url, owner):
    return issue_call(owner)


def counted(reason: str) -> float:
    labels = {"reason": reason}
    return REGISTRY.get_sample_value("aloha_agent_failures_total", labels) or 0.0


async def told(agent: PuppetSession, news: str) -> None:
    async with asyncio.timeout(5):
        while news not in {name for name, _ in agent.told}:  # noqa: ASYNC110  # it is the server's
            await asyncio.sleep(0.02)


async def test_an_agent_that_dies_when_it_is_to_take_leave_is_noted(call, settings, caplog):
    settings.MAX_CALL_SECONDS = 1
    before = counted("closed_1011"), counted("ended_early")
    async with MediaLine(stream_url(call)) as line:
        agent = await puppet_on(line, call)
        await told(agent, "wrap up")
        agent.does(AgentFailed(code="closed_1011"))
        agent.ends()
        await next_frame(line, "mark")  # behind our own goodbye
        await line.send({"event": "stop", "streamSid": "", "stop": {}})
        assert await closed(call) == "time_limit"
    assert (await facts_of(call))["agent_failure"] == "closed_1011"
    assert (counted("closed_1011"), counted("ended_early")) == (before[0] + 1, before[1])
    assert caplog.text.count("agent failed") == 1


async def test_an_agent_that_fails_is_counted_once_though_it_ends_as_well(call, caplog):
    before = counted("closed_1011"), counted("ended_early")
    async with MediaLine(stream_url(call)) as line:
        agent = await puppet_on(line, call)
        agent.does(AgentFailed(code="closed_1011"))
        agent.ends()
        assert await closed(call) == "failed"
    assert (await facts_of(call))["agent_failure"] == "closed_1011"
    assert (counted("closed_1011"), counted("ended_early")) == (before[0] + 1, before[1])
    assert caplog.text.count("agent failed") == 1


async def test_an_agent_that_ends_with_its_goodbye_has_not_failed(call, caplog):
    before = counted("ended_early")
    async with MediaLine(stream_url(call)) as line:
        agent = await puppet_on(line, call)
        agent.does(*saying("bye", "goodbye"), AgentDone())
        agent.ends()
        await next_frame(line, "mark")
        await asyncio.sleep(0.2)
        await line.send({"event": "stop", "streamSid": "", "stop": {}})
        assert await closed(call) == "finished"
    assert (await facts_of(call))["agent_failure"] == ""
    assert counted("ended_early") == before
    assert "agent failed" not in caplog.text
