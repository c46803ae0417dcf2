"""A running stream that is asked to end: when, and what becomes of what is said meanwhile."""

import asyncio
import time

import pytest

from accounts.row_security import in_service_scope
from agent.brief import CallBrief
from agent.session import AgentDone, CallerStarted, CallerStopped, TranscriptSource, UtteranceEnd
from telephony import calls, draining
from telephony.conversation import HAND_OVER_SECONDS
from telephony.models import Call, DoNotCall, StreamState, TranscriptLine
from tests.peers.media_line import MediaLine, stream_url
from tests.peers.puppet_agent import saying, sounding
from tests.telephony.test_barge_in import next_frame
from tests.telephony.test_do_not_call import CALLEE
from tests.telephony.test_recorded_to_the_end import puppet_opened
from tests.telephony.test_refusing_database import meanwhile, on_postgres, refused
from tests.telephony.test_stream_handshake import issue_call

pytestmark = [pytest.mark.A4, pytest.mark.usefixtures("puppet")]


@pytest.fixture
def call(aloha_url, owner):
    return issue_call(owner)


async def handed_over(call: Call) -> None:
    async with asyncio.timeout(HAND_OVER_SECONDS + 3):
        while True:
            if (await Call.objects.aget(id=call.id)).stream_state == StreamState.ISSUED:
                return
            await asyncio.sleep(0.02)


async def next_brief(line: MediaLine, call: Call) -> CallBrief:
    """What the agent is told that goes on with the call, when this stream is asked to end."""
    draining.here.hand_over_all()
    assert await line.closed(within_s=HAND_OVER_SECONDS + 3) == 1000
    await handed_over(call)

    def opened() -> CallBrief:
        return calls.brief_of(calls.claim_stream(Call.objects.get(id=call.id).stream_token))

    return await in_service_scope(opened)


async def test_a_caller_who_speaks_is_handed_over_once_she_pauses(call):
    async with MediaLine(stream_url(call)) as line:
        await line.start(call.call_sid)
        agent = await puppet_opened()
        agent.does(CallerStarted(at_ms=0))
        await asyncio.sleep(0.2)
        draining.here.hand_over_all()
        await asyncio.sleep(0.6)
        assert (await Call.objects.aget(id=call.id)).stream_state == StreamState.OPEN
        agent.does(CallerStopped(start_ms=0, end_ms=800, text="It is Tom."))
        began_at = time.monotonic()
        assert await line.closed(within_s=HAND_OVER_SECONDS) == 1000
    assert time.monotonic() - began_at < 1
    await handed_over(call)
    assert [line.text async for line in call.transcript.all()] == ["It is Tom."]


async def test_a_caller_who_never_pauses_does_not_hold_the_process(call):
    async with MediaLine(stream_url(call)) as line:
        await line.start(call.call_sid)
        (await puppet_opened()).does(CallerStarted(at_ms=0))
        await asyncio.sleep(0.2)
        draining.here.hand_over_all()
        assert await line.closed(within_s=HAND_OVER_SECONDS + 1) == 1000
    await handed_over(call)


async def test_a_word_at_the_last_moment_makes_no_failure_of_it(call, settings):
    settings.AGENT = {"BACKEND": "tests.peers.eager_agent.EagerBackend", "OPTIONS": {}}
    async with MediaLine(stream_url(call)) as line:
        await line.start(call.call_sid)
        # Its mark is lost, so that it counts as heard when the time is looked at.
        end = UtteranceEnd(utterance_id="hello", text="Hello.", source=TranscriptSource.REALTIME)
        (await puppet_opened()).does(sounding("hello", 200), end)
        await line.socket.receive_str(timeout=5)
        draining.here.hand_over_all()
        assert await line.closed(within_s=HAND_OVER_SECONDS + 1) == 1000
    await handed_over(call)


async def test_a_call_that_has_said_goodbye_is_over_and_not_passed_on(call):
    async with MediaLine(stream_url(call)) as line:
        await line.start(call.call_sid)
        end = UtteranceEnd(utterance_id="bye", text="Goodbye.", source=TranscriptSource.REALTIME)
        (await puppet_opened()).does(sounding("bye", 8_000), end, AgentDone())
        await line.socket.receive_str(timeout=5)
        draining.here.hand_over_all()
        assert await line.closed(within_s=HAND_OVER_SECONDS + 1) == 1000
    ended = await Call.objects.aget(id=call.id)
    assert (ended.stream_state, ended.agent_outcome) == (StreamState.CLOSED, "finished")


@pytest.mark.W7
async def test_a_wish_for_no_more_calls_is_heeded_although_the_call_goes_on(call):
    await Call.objects.filter(id=call.id).aupdate(direction="outbound", to_number=CALLEE)
    async with MediaLine(stream_url(call)) as line:
        await line.start(call.call_sid)
        wish = CallerStopped(start_ms=0, end_ms=800, text="Don't call me again.")
        (await puppet_opened()).does(wish)
        await asyncio.sleep(0.2)
        draining.here.hand_over_all()
        assert await line.closed(within_s=HAND_OVER_SECONDS + 1) == 1000
    await handed_over(call)
    async with asyncio.timeout(3):
        while await DoNotCall.objects.acount() == 0:  # noqa: ASYNC110  # it is the server's
            await asyncio.sleep(0.02)
    assert (await DoNotCall.objects.aget()).phone_number == CALLEE


@pytest.mark.M10
async def test_a_caller_who_was_greeted_is_greeted_by_no_other_agent(call):
    async with MediaLine(stream_url(call)) as line:
        await line.start(call.call_sid)
        (await puppet_opened()).does(*saying("hello", "still_there"))
        await next_frame(line, "mark")
        brief = await next_brief(line, call)
    assert brief.goes_on
    assert [who for who, _ in brief.said_before] == ["agent"]


@pytest.mark.M10
async def test_a_greeting_that_is_cut_before_its_words_are_known_is_not_said_again(call):
    async with MediaLine(stream_url(call)) as line:
        await line.start(call.call_sid)
        agent = await puppet_opened()
        agent.does(sounding("hello", 8_000))
        await next_frame(line, "media")
        brief = await next_brief(line, call)
    assert brief.goes_on


@on_postgres
@pytest.mark.M10
async def test_a_greeting_that_could_not_be_written_down_yet_is_not_said_again(call):
    async with MediaLine(stream_url(call)) as line:
        await line.start(call.call_sid)
        agent = await puppet_opened()
        async with meanwhile(refused("INSERT", TranscriptLine)):
            agent.does(*saying("hello", "still_there"))
            await next_frame(line, "mark")
            brief = await next_brief(line, call)
    assert (brief.goes_on, brief.said_before) == (True, ())


@pytest.mark.M10
async def test_who_has_heard_but_a_sentence_of_ours_is_still_to_be_greeted(call):
    async with MediaLine(stream_url(call)) as line:
        await line.start(call.call_sid)
        await puppet_opened()
        await next_frame(line, "media")  # "One moment, please"
        draining.here.hand_over_all()
        async for message in line.socket:
            if message.json()["event"] == "mark":  # heard
                await line.send(message.json())
        brief = await next_brief(line, call)
    assert not brief.goes_on
    assert [who for who, _ in brief.said_before] == ["agent"]


@pytest.mark.M10
async def test_who_has_spoken_to_an_agent_that_had_not_is_still_to_be_greeted(call):
    async with MediaLine(stream_url(call)) as line:
        await line.start(call.call_sid)
        (await puppet_opened()).does(CallerStopped(start_ms=0, end_ms=800, text="Hello?"))
        await asyncio.sleep(0.2)
        brief = await next_brief(line, call)
    assert not brief.goes_on
    assert brief.said_before[0] == ("caller", "Hello?")
