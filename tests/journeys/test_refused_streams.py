"""A media socket that is refused costs the caller the agent, never the message."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from django.utils import timezone

from agent.speech.wav import read_mulaw
from telephony.models import Call
from telephony.simulator.callers import WavCaller
from telephony.simulator.carrier import SimulatedCall
from telephony.simulator.events import CallEvent, DocumentReceived
from telephony.simulator.result import AnsweredBy
from tests.factories import make_number
from tests.journeys.test_agent_failures import message_of
from tests.peers.media_line import MediaLine, stream_url

pytestmark = pytest.mark.M1


@pytest.fixture
def number(owner):
    return make_number(owner)


async def let_it_expire(call: Call) -> None:
    await Call.objects.filter(id=call.id).aupdate(stream_token_expires_at=timezone.now())


async def use_it_first(call: Call) -> None:
    async with MediaLine(stream_url(call)) as line:
        await line.start("CA" + "0" * 32)
        await line.closed(within_s=3)


async def withdraw_it(call: Call) -> None:
    await Call.objects.filter(id=call.id).aupdate(stream_token="withdrawn")


@pytest.mark.parametrize(
    "spoil",
    [
        let_it_expire,
        pytest.param(use_it_first, marks=pytest.mark.check),
        pytest.param(withdraw_it, marks=pytest.mark.check),
    ],
)
async def test_the_caller_leaves_a_message_although_the_stream_is_refused(
    aloha_url, number, worker, human_speech, spoil: Callable[[Call], Awaitable[None]]
):
    spoiling: list[asyncio.Task[None]] = []

    async def spoil_the_token() -> None:
        await spoil(await Call.objects.aget(call_sid=simulated.identity.call_sid))

    def observe(at_ms: int, event: CallEvent) -> None:
        # The first document holds the token; the call notice is spoken before it is used.
        if isinstance(event, DocumentReceived) and "Connect" in event.verbs:
            spoiling.append(asyncio.create_task(spoil_the_token()))

    speech = read_mulaw(human_speech)
    simulated = SimulatedCall(
        base_url=aloha_url,
        caller=WavCaller([speech]),
        to_number=number.phone_number,
        from_number="+15105550147",
        observe=observe,
    )
    result = await simulated.run()
    await asyncio.gather(*spoiling)
    assert len(spoiling) == 1
    assert result.warnings == ("31920 The media socket was refused with 403.",)
    assert result.answered_by is AnsweredBy.CLASSIC
    message = await message_of(result.call_sid)
    with message.call.recording.file.open() as file:
        stereo = file.read()[-message.call.recording.duration_ms * 16 :]
    assert speech in stereo[0::2]
