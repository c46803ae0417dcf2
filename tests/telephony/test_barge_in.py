"""M4 through the real socket: the caller speaks, and the line falls silent at once."""

import asyncio
import json
import threading
import time

import pytest

from agent.session import CallerStarted, Heard
from telephony.models import Call, TranscriptLine
from tests.peers import puppet_agent
from tests.peers.media_line import STREAM_SID, MediaLine, stream_url
from tests.peers.puppet_agent import saying, sounding
from tests.peers.server import measured_on_both_servers
from tests.telephony.test_stall import hold_the_database
from tests.telephony.test_stream_socket import issue_call, outcome_of

pytestmark = [pytest.mark.M4, pytest.mark.usefixtures("puppet")]

BARGE_INS = 10
TRIES = 3
"""A busy machine delays one clear in ten now and then; a fault of ours does it every time."""


@pytest.fixture
def call(aloha_url, owner):
    return issue_call(owner)


async def next_frame(line: MediaLine, event: str) -> tuple[float, dict]:
    """The next frame of a kind, and the moment it came."""
    while True:
        message = json.loads((await line.socket.receive(timeout=5)).data)
        if message["event"] == event:
            return time.perf_counter(), message


async def opened_session() -> puppet_agent.PuppetSession:
    async with asyncio.timeout(5):
        while True:
            if puppet_agent.opened:
                return puppet_agent.opened.pop()
            await asyncio.sleep(0.01)


async def facts_of(call: Call) -> dict[str, float]:
    """The figures of the stream, which are kept last of all."""
    async with asyncio.timeout(5):
        while True:
            row = await Call.objects.aget(id=call.id)
            if row.stream_facts:
                return row.stream_facts
            await asyncio.sleep(0.02)


async def puppet_on(line: MediaLine, call: Call) -> puppet_agent.PuppetSession:
    await line.start(call.call_sid)
    return await opened_session()


async def slowest_clear_s(
    line: MediaLine, agent: puppet_agent.PuppetSession, series: str, times: int = BARGE_INS
) -> float:
    """Speak over a long sentence several times: the longest wait for the clear."""
    slowest = 0.0
    for number in range(times):
        agent.does(*(sounding(f"{series}-{number}", 400) for _ in range(10)))
        await next_frame(line, "media")
        await asyncio.sleep(0.05)
        began = agent.does(CallerStarted(at_ms=0))
        cleared, message = await next_frame(line, "clear")
        assert message == {"event": "clear", "streamSid": STREAM_SID}
        slowest = max(slowest, cleared - began)
    return slowest


@measured_on_both_servers
@pytest.mark.measured
async def test_the_line_is_cleared_within_20_ms(call):
    async with MediaLine(stream_url(call)) as line:
        agent = await puppet_on(line, call)
        for attempt in range(TRIES):
            slowest_s = await slowest_clear_s(line, agent, str(attempt))
            if slowest_s < 0.02:
                break
    print(f"slowest clear of {BARGE_INS}: {slowest_s * 1000:.1f} ms")
    assert slowest_s < 0.02
    facts = await facts_of(call)
    assert facts["barge_ins"] == BARGE_INS * (attempt + 1)
    assert facts["slowest_barge_in_ms"] > 0


@pytest.mark.measured
async def test_a_database_that_is_held_does_not_hold_the_clear(call):
    async with MediaLine(stream_url(call)) as line:
        agent = await puppet_on(line, call)
        agent.does(*saying("heard", "goodbye"))
        await next_frame(line, "mark")
        stall = threading.Thread(target=hold_the_database)
        stall.start()
        await asyncio.sleep(0.1)
        slowest_s = await slowest_clear_s(line, agent, "held", times=4)
        assert stall.is_alive()
        await asyncio.to_thread(stall.join)
    assert slowest_s < 0.02


@pytest.mark.measured
async def test_the_agent_and_the_transcript_learn_what_was_heard(call):
    async with MediaLine(stream_url(call)) as line:
        agent = await puppet_on(line, call)
        agent.does(*saying("greeting", "greeting_live"))
        began, _ = await next_frame(line, "media")
        await asyncio.sleep(2)
        agent.does(CallerStarted(at_ms=0))
        cleared, _ = await next_frame(line, "clear")
    await outcome_of(call)
    ((_, heard),) = [told for told in agent.told if told[0] == "interrupted"]
    assert isinstance(heard[0], Heard)
    assert abs(heard[0].heard_ms - (cleared - began) * 1_000) < 50
    transcript_line = await line_of(call)
    assert transcript_line.heard_text.startswith("Hi, I'm Aloha")
    assert transcript_line.unheard_text.endswith("pass on?")
    assert transcript_line.end_ms - transcript_line.start_ms == heard[0].heard_ms


async def line_of(call: Call) -> TranscriptLine:
    """The only line of a call, which may be written a moment after its outcome."""
    async with asyncio.timeout(5):
        while not await TranscriptLine.objects.filter(call=call).aexists():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return await TranscriptLine.objects.aget(call=call)


async def test_keys_reach_the_agent(call):
    async with MediaLine(stream_url(call)) as line:
        agent = await puppet_on(line, call)
        await line.send({"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": "#"}})
        async with asyncio.timeout(3):
            while True:
                if ("key", "#") in agent.told:
                    break
                await asyncio.sleep(0.01)


@pytest.mark.measured
async def test_the_session_opens_at_the_handshake_and_the_first_word_follows_the_start(call):
    async with MediaLine(stream_url(call)) as line:
        agent = await opened_session()
        agent.does(*saying("greeting", "goodbye"))
        await line.start(call.call_sid)
        await next_frame(line, "media")
    assert (await facts_of(call))["first_audio_ms"] < 1_200
