"""The log tells a call's story in six lines, each with the call's id."""

import asyncio
import logging

from asgiref.sync import sync_to_async

from agent.speech.wav import read_mulaw
from telephony.simulator.callers import WavCaller
from telephony.simulator.carrier import SimulatedCall
from tests.factories import make_number
from tests.journeys.test_agent_failures import message_of
from voicemail.models import Message, Stage

STORY = [
    "call came in",
    "stream opened",
    "stream closed",
    "call ended",
    "message ready",
    "owner told",
]


async def test_a_call_is_told_in_six_lines(aloha_url, owner, worker, human_speech, caplog):
    number = await sync_to_async(make_number)(owner)
    caplog.set_level(logging.INFO)
    result = await SimulatedCall(
        base_url=aloha_url,
        caller=WavCaller([read_mulaw(human_speech)], hang_up_at_ms=9_000),
        to_number=number.phone_number,
        from_number="+15105550147",
    ).run()
    await message_of(result.call_sid)
    await owner_told(result.call_sid)
    told = [record for record in caplog.records if is_ours(record)]
    events = [record.getMessage() for record in told]
    # Whether the carrier or we notice first that the caller is gone is a matter of luck.
    assert sorted(events[2:4]) == ["call ended", "stream closed"]
    assert [*events[:2], "stream closed", "call ended", *events[4:]] == STORY
    assert {record.call_sid for record in told} == {result.call_sid}


async def owner_told(call_sid: str) -> None:
    async with asyncio.timeout(20):
        while True:
            message = await Message.objects.aget(call__call_sid=call_sid)
            if message.stage == Stage.NOTIFIED:
                return
            await asyncio.sleep(0.1)


def is_ours(record: logging.LogRecord) -> bool:
    """A line of Aloha's; the simulator plays the carrier, whose lines are not."""
    room = record.name.split(".")[0]
    return room in {"agent", "telephony", "voicemail"} and "simulator" not in record.name
