"""M5 at the caller's ear: the last words are heard in full, then the line is hung up."""

import pytest

from agent.speech import prompts
from telephony.models import Call
from telephony.simulator.callers import WavCaller
from telephony.simulator.carrier import SimulatedCall
from telephony.simulator.events import Party
from telephony.simulator.result import CallResult
from tests.factories import make_number
from tests.peers.server import on_both_servers

pytestmark = pytest.mark.M5

HUNG_UP_WITHIN_MS = 1_500


@pytest.fixture
def number(owner, settings):
    settings.CALL_NOTICE = "Hello."
    return make_number(owner)


async def call_to(number, url) -> CallResult:
    return await SimulatedCall(
        base_url=url,
        caller=WavCaller([]),
        to_number=number.phone_number,
        from_number="+15105550147",
    ).run()


def ms_after(result: CallResult, prompt: str) -> float:
    """How long the call went on after a sentence that was heard whole."""
    sound = prompts.load(prompt)
    at = result.heard.find(sound)
    assert at >= 0, f"{prompt} was not heard in full"
    return (len(result.heard) - at - len(sound)) / 8


@on_both_servers
async def test_a_goodbye_sent_in_one_burst_is_heard_in_full(aloha_url, number, settings):
    settings.AGENT = {"BACKEND": "tests.peers.parting_agent.PartingBackend", "OPTIONS": {}}
    result = await call_to(number, aloha_url)
    assert ms_after(result, "goodbye") < HUNG_UP_WITHIN_MS
    assert result.ended_by is Party.FAR_END
    call = await Call.objects.aget(call_sid=result.call_sid)
    assert call.agent_outcome == "finished"


@pytest.mark.check
async def test_an_agent_that_never_stops_is_ended_in_our_words(aloha_url, number, settings):
    settings.AGENT = {"BACKEND": "tests.peers.parting_agent.EndlessBackend", "OPTIONS": {}}
    settings.MAX_CALL_SECONDS = 2
    result = await call_to(number, aloha_url)
    assert ms_after(result, "time_is_up") < HUNG_UP_WITHIN_MS
    call = await Call.objects.aget(call_sid=result.call_sid)
    assert call.agent_outcome == "time_limit"


@pytest.mark.check
@on_both_servers
async def test_the_embedded_agent_wraps_up_in_words_when_the_time_is_over(
    aloha_url, number, settings
):
    settings.MAX_CALL_SECONDS = 8
    result = await call_to(number, aloha_url)
    assert ms_after(result, "time_is_up") < HUNG_UP_WITHIN_MS
    assert (await Call.objects.aget(call_sid=result.call_sid)).agent_outcome == "time_limit"
