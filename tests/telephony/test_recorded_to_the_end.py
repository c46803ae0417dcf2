"""The caller's frames come late: the recording still holds what the agent said to its end."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from agent.session import AgentDone
from telephony.models import Call, Recording, TranscriptLine
from tests.factories import make_number
from tests.peers import puppet_agent
from tests.peers.media_line import MediaLine, stream_url
from tests.peers.puppet_agent import saying
from tests.telephony.test_stream_socket import issue_call

LATE_S = 0.2
SILENT_FRAME = b"\xff" * 160

pytestmark = pytest.mark.usefixtures("puppet")


async def played(line: MediaLine) -> None:
    """Give each mark back when the audio before it has been played, and speak meanwhile."""
    sounding_ms = 0
    loop = asyncio.get_running_loop()
    began = loop.time()

    async def speak() -> None:
        await asyncio.sleep(LATE_S)
        for index in range(1_000):
            await asyncio.sleep(max(0.0, began + LATE_S + index * 0.02 - loop.time()))
            await line.media(index, SILENT_FRAME)

    speaking = asyncio.create_task(speak())
    try:
        async for message in line.socket:
            frame = message.json()
            if frame["event"] == "media":
                sounding_ms += len(frame["media"]["payload"]) * 3 // 4 // 8
            elif frame["event"] == "mark":
                await asyncio.sleep(max(0.0, began + sounding_ms / 1_000 - loop.time()))
                await line.send({"event": "mark", "streamSid": "MZ", "mark": frame["mark"]})
    finally:
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)


async def puppet_opened() -> puppet_agent.PuppetSession:
    for _ in range(500):
        if puppet_agent.opened:
            return puppet_agent.opened[0]
        await asyncio.sleep(0.01)
    raise AssertionError("no session was opened")


async def stored(call: Call) -> Recording:
    for _ in range(200):
        if recording := await Recording.objects.filter(call=call).afirst():
            return recording
        await asyncio.sleep(0.05)
    raise AssertionError("nothing was recorded")


@pytest.mark.M2
async def test_no_line_of_the_agent_ends_behind_the_recording(aloha_url, owner):
    number = await sync_to_async(make_number)(owner)
    call = await sync_to_async(issue_call)(owner, number=number)
    async with MediaLine(stream_url(call)) as line:
        await line.start(call.call_sid)
        (await puppet_opened()).does(*saying("goodbye", "goodbye"), AgentDone())
        await played(line)
    recording = await stored(call)
    said = await TranscriptLine.objects.aget(call=call, role="agent")
    assert said.end_ms - said.start_ms > 500
    assert said.end_ms <= recording.duration_ms
