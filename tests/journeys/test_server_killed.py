"""The process that carries a call is killed: the caller can still leave a message."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from agent.speech.wav import read_mulaw
from telephony.simulator.callers import WavCaller
from telephony.simulator.carrier import SimulatedCall
from telephony.simulator.result import AnsweredBy
from tests.factories import make_number
from tests.journeys.test_agent_failures import message_of
from tests.peers.ports import free_port
from tests.peers.processes import Process, started


@pytest.mark.check
async def test_the_caller_leaves_a_message_although_the_server_is_killed(
    transactional_db, owner, human_speech, tmp_path
):
    number = await sync_to_async(make_number)(owner)
    speech = read_mulaw(human_speech)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    servers = [
        Process(tmp_path, f"web-{name}", "serve", "--port", str(port), "--share-port", url=url)
        for name in ("one", "two")
    ]
    worker = Process(tmp_path, "worker", "work", url=url)
    with started(*servers, worker):
        for server in servers:
            await asyncio.to_thread(server.wait_for, "Listening on")
        call = SimulatedCall(
            base_url=url,
            caller=WavCaller([speech]),
            to_number=number.phone_number,
            from_number="+15105550147",
        )
        calling = asyncio.create_task(call.run())
        (await carrier_of_the_stream(servers)).kill()
        result = await calling
        assert result.answered_by == AnsweredBy.CLASSIC
        message = await message_of(result.call_sid)
    with message.call.recording.file.open() as file:
        stereo = file.read()[-message.call.recording.duration_ms * 16 :]
    assert speech in stereo[0::2]


async def carrier_of_the_stream(servers: list[Process]) -> Process:
    """The server whose log says that it holds the call's media stream."""
    async with asyncio.timeout(20):
        while True:
            for server in servers:
                if "stream opened" in server.log.read_text():
                    return server
            await asyncio.sleep(0.1)
