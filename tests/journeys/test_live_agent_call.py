"""A call from the carrier's door through the real consumer to the Live agent and back."""

import pytest

from agent.fake_live.manner import LiveManner
from agent.fake_live.server import FakeLive
from agent.fake_realtime.faults import Fault, Kind, Phase
from agent.fake_realtime.script import Call as ToolCall
from agent.fake_realtime.script import Playbook, prompt, tone
from agent.speech import prompts
from agent.speech.mulaw import SILENCE
from aloha_site.agent_settings import agent_settings
from telephony.models import VoicemailMode
from telephony.simulator.callers import WavCaller
from telephony.simulator.result import AnsweredBy
from tests.agent.test_endpointer import voice
from tests.factories import make_number
from tests.journeys.test_agent_failures import message_of
from tests.journeys.test_realtime_call import UNSET, Impatient, dial, lines

SENTENCE = voice(1_200)
NOTE = '{"reason": "The boiler leaks.", "caller_name": "Ann", "urgency": "high"}'
MANNER = LiveManner(latency_ms=400)


@pytest.fixture
def number(owner):
    return make_number(owner, voicemail_enabled=True, voicemail_mode=VoicemailMode.RECEPTIONIST)


@pytest.fixture
def use(settings):
    """Let calls talk to this server."""

    def point_to(server: FakeLive) -> None:
        settings.AGENT = agent_settings(
            api_key="a-key", agent="live", live_url=server.url, realtime_url="", **UNSET
        )

    return point_to


def short_call(**changes) -> Playbook:
    """A greeting, a note, and a goodbye, in the voice of the embedded agent."""
    purposes = {
        "greeting": [prompt("leave_message")],
        "go_on": [prompt("still_there")],
        "farewell": [prompt("goodbye")],
        "ask": [prompt("still_there")],
        "resume": [prompt("anything_else")],
    }
    return Playbook(
        [[ToolCall(name="take_message", arguments=NOTE)], [ToolCall(name="end_call")]],
        purposes=purposes | changes,
        words=["My boiler leaks.", "No, that is all."],
    )


def voiced(audio: bytes) -> bytes:
    """Audio without its silence: what comes as it is spoken is late on a busy machine."""
    return audio.translate(None, bytes([SILENCE]))


@pytest.mark.M5
@pytest.mark.check
async def test_a_call_is_answered_understood_and_ended_by_the_agent(aloha_url, number, worker, use):
    async with FakeLive(short_call, manner=MANNER) as server:
        use(server)
        result, call = await dial(aloha_url, number, WavCaller([SENTENCE, SENTENCE]))
        (session,) = server.sessions
    assert result.answered_by == AnsweredBy.AGENT
    assert result.warnings == ()
    assert voiced(prompts.load("goodbye")) in voiced(result.heard)
    assert call.agent_outcome == "finished"
    assert call.agent_backend == "openai_live"
    assert await lines(call) == [
        ("agent", prompts.text_of("leave_message")),
        ("caller", "My boiler leaks."),
        ("agent", prompts.text_of("still_there")),
        ("caller", "No, that is all."),
        ("agent", prompts.text_of("goodbye")),
    ]
    told = session.got("session.start")[0]["session"]["instructions"]
    assert "the AI assistant of Nora Whitfield" in told
    assert session.sent("error") == []
    assert session.tasks.unanswered == set()
    message = await message_of(result.call_sid)
    assert "My boiler leaks." in message.summary
    noted = await call.events.aget(kind="message_noted")
    assert noted.payload["reason"] == "The boiler leaks."
    assert call.stream_facts["fillers"] == call.stream_facts["times_asked"] == 0
    [closed] = session.sent("session.closed")
    assert call.agent_usage["live_ms"] == closed["usage"]["seconds"] * 1_000
    assert call.cost_usd > 0


@pytest.mark.M5
@pytest.mark.check
async def test_a_caller_who_says_nothing_is_asked_twice_and_told_goodbye(
    aloha_url, number, worker, use
):
    async with FakeLive(short_call, manner=MANNER) as server:
        use(server)
        result, call = await dial(aloha_url, number, WavCaller([]))
    assert [text for _, text in await lines(call)] == [
        prompts.text_of("leave_message"),
        prompts.text_of("still_there"),
        prompts.text_of("still_there"),
        prompts.text_of("goodbye"),
    ]
    assert call.agent_outcome == "finished"
    assert voiced(prompts.load("goodbye")) in voiced(result.heard)


@pytest.mark.M4
@pytest.mark.check
async def test_whoever_speaks_over_the_agent_stops_it(aloha_url, number, worker, use):
    long_answer = tone("There is a great deal to say about that. " * 6)
    script = Playbook(
        [[long_answer], [ToolCall(name="end_call")]],
        purposes={"greeting": [prompt("leave_message")], "farewell": [prompt("goodbye")]},
        words=["Tell me.", "Wait a moment."],
    )
    async with FakeLive(script, manner=MANNER) as server:
        use(server)
        result, call = await dial(aloha_url, number, Impatient(after_ms=4_000))
    assert call.agent_outcome == "finished"
    said = [text for role, text in await lines(call) if role == "agent"]
    assert long_answer.text.startswith(said[1])
    assert len(said[1]) < len(long_answer.text) / 2
    assert result.warnings == ()


@pytest.mark.check
@pytest.mark.M6
@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(kind=Kind.REFUSED, phase=Phase.UPGRADE), id="refused"),
        pytest.param(Fault(kind=Kind.NEVER_READY), id="never ready"),
        pytest.param(Fault(kind=Kind.CLOSED, phase=Phase.GREETING), id="lost twice"),
        pytest.param(Fault(kind=Kind.NEVER_READY, phase=Phase.GREETING), id="mute in the greeting"),
    ],
)
async def test_whatever_breaks_the_caller_leaves_a_message(aloha_url, number, worker, use, fault):
    async with FakeLive(short_call, manner=MANNER, fault=fault) as server:
        use(server)
        result, call = await dial(aloha_url, number, WavCaller([SENTENCE, SENTENCE]))
    assert call.agent_outcome == "failed"
    assert (await message_of(result.call_sid)) is not None


@pytest.mark.M6
@pytest.mark.check
async def test_a_call_outlives_one_lost_session(aloha_url, number, worker, use):
    fault = Fault(kind=Kind.ABORTED, phase=Phase.LISTENING, sessions=1)
    async with FakeLive(short_call, manner=MANNER, fault=fault) as server:
        use(server)
        _, call = await dial(aloha_url, number, WavCaller([SENTENCE, SENTENCE, SENTENCE]))
    assert len(server.sessions) == 2
    assert call.agent_outcome == "finished"
    assert call.agent_usage["sessions"] == 2
