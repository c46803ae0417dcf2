"""A media socket that is refused or starts wrongly costs the caller the agent, not the message."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

import pytest
from django.utils import timezone

from agent.speech.wav import read_mulaw
from telephony.models import Call
from telephony.simulator.callers import WavCaller, load_script
from telephony.simulator.carrier import SimulatedCall
from telephony.simulator.events import CallEvent, DocumentReceived
from telephony.simulator.result import AnsweredBy
from tests.factories import make_number
from tests.journeys.test_agent_failures import message_of
from tests.peers.bad_line import Frame, behind_a_bad_line
from tests.peers.media_line import MediaLine, stream_url
from tests.peers.server import serve
from voicemail.models import Message

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


def said_in(message: Message) -> bytes:
    """The caller's side of what was recorded."""
    recording = message.call.recording
    with recording.file.open() as file:
        stereo: bytes = file.read()[-recording.duration_ms * 16 :]
    return stereo[0::2]


@pytest.mark.check
@pytest.mark.parametrize("spoil", [let_it_expire, use_it_first, withdraw_it])
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
    assert speech in said_in(await message_of(result.call_sid))


def lose_everything(frame: Frame) -> None:
    return None


def name_another_call(frame: Frame) -> Frame:
    return _with_start(frame, callSid="CA" + "0" * 32)


def name_another_codec(frame: Frame) -> Frame:
    a_law = {"encoding": "audio/x-alaw", "sampleRate": 8000, "channels": 1}
    return _with_start(frame, mediaFormat=a_law)


def _with_start(frame: Frame, **changes: object) -> Frame:
    return frame | {"start": frame["start"] | changes} if frame["event"] == "start" else frame


@pytest.fixture(params=[lose_everything, name_another_call, name_another_codec])
def url_over_a_bad_line(request, transactional_db, settings) -> Iterator[str]:
    from aloha_site.asgi import application

    settings.CALL_NOTICE = "An assistant speaks."
    with serve(behind_a_bad_line(application, request.param)) as port:
        settings.PUBLIC_BASE_URL = f"http://127.0.0.1:{port}"
        yield settings.PUBLIC_BASE_URL


@pytest.mark.check
async def test_a_caller_whose_stream_starts_badly_is_recorded(url_over_a_bad_line, number, worker):
    speech = load_script("wrong_number").turns[0].audio
    simulated = SimulatedCall(
        base_url=url_over_a_bad_line,
        caller=WavCaller([speech]),
        to_number=number.phone_number,
        from_number="+15105550147",
    )
    result = await simulated.run()
    assert result.warnings == ()  # the stream was closed as streams are
    assert result.answered_by is AnsweredBy.CLASSIC
    message = await message_of(result.call_sid)
    assert message.call.agent_outcome == "failed"
    assert speech in said_in(message)
