"""Whatever happens to the agent, the caller can leave a message and the owner gets it."""

import asyncio
import re

import pytest

from agent.speech.wav import read_mulaw
from telephony.simulator.callers import WavCaller
from telephony.simulator.carrier import SimulatedCall
from telephony.simulator.result import AnsweredBy
from tests.factories import make_number
from voicemail.models import Message, Stage


@pytest.fixture
def number(owner):
    return make_number(owner)


async def message_of(call_sid: str) -> Message:
    """The finished message of a call, once the worker has prepared it."""
    messages = Message.objects.select_related("call__recording")
    async with asyncio.timeout(20):
        while True:
            message = await messages.filter(
                call__call_sid=call_sid, stage=Stage.SUMMARISED
            ).afirst()
            if message is not None:
                return message
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    "agent",
    [
        "Refusing",
        "NeverReady",
        "Dying",
        "Sticking",
        pytest.param("Silent", marks=pytest.mark.check),
        pytest.param("Raising", marks=pytest.mark.check),
        pytest.param("Ending", marks=pytest.mark.check),
    ],
)
async def test_the_caller_leaves_a_message_although_the_agent_fails(
    aloha_url, number, worker, settings, human_speech, agent
):
    settings.AGENT = {"BACKEND": f"tests.peers.broken_agent.{agent}Backend", "OPTIONS": {}}
    speech = read_mulaw(human_speech)
    result = await SimulatedCall(
        base_url=aloha_url,
        caller=WavCaller([speech]),
        to_number=number.phone_number,
        from_number="+15105550147",
    ).run()
    assert result.answered_by == AnsweredBy.CLASSIC
    assert result.first_audio_ms < 2_000
    assert longest_silence_ms(result.heard[: result.said.find(speech)]) <= 4_000
    message = await message_of(result.call_sid)
    with message.call.recording.file.open() as file:
        stereo = file.read()[-message.call.recording.duration_ms * 16 :]
    assert speech in stereo[0::2]
    assert message.summary.startswith("Left a spoken message of ")


def longest_silence_ms(heard: bytes) -> int:
    """The longest stretch of digital silence the caller had to listen to."""
    return max(map(len, re.findall(rb"\xff+", heard)), default=0) // 8
