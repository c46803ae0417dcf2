"""A call from the carrier's door through the real consumer to the Realtime agent and back."""

import pytest

from agent.fake_realtime.manner import Manner
from agent.fake_realtime.script import Call as ToolCall
from agent.fake_realtime.script import Playbook, canned_conversation, prompt, tone
from agent.fake_realtime.server import FakeRealtime
from agent.speech import prompts
from aloha_site.agent_settings import agent_settings
from telephony.models import Call, VoicemailMode
from telephony.simulator.callers import WavCaller
from telephony.simulator.carrier import SimulatedCall
from telephony.simulator.result import AnsweredBy, CallResult
from tests.agent.test_endpointer import voice
from tests.factories import make_number
from tests.journeys.endings import ended
from tests.journeys.test_agent_failures import message_of

LATENCY_MS = 400
UNSET = dict.fromkeys(
    ("base_url", "model", "transcription_model", "turn_detection", "noise_reduction"), ""
)


@pytest.fixture
def number(owner):
    return make_number(owner, voicemail_enabled=True, voicemail_mode=VoicemailMode.RECEPTIONIST)


@pytest.fixture
def use(settings):
    """Let calls talk to this server."""

    def point_to(server: FakeRealtime) -> None:
        settings.AGENT = agent_settings(api_key="a-key", realtime_url=server.url, **UNSET)

    return point_to


async def dial(url: str, number, caller) -> tuple[CallResult, Call]:
    simulated = SimulatedCall(
        base_url=url, caller=caller, to_number=number.phone_number, from_number="+15105550147"
    )
    result = await simulated.run()
    return result, await ended(result.call_sid)


async def lines(call: Call) -> list[tuple[str, str]]:
    ordered = call.transcript.order_by("start_ms")
    return [(line.role, line.text) async for line in ordered]


SENTENCE = voice(1_200)
NOTE = '{"reason": "The boiler leaks.", "caller_name": "Ann", "urgency": "high"}'


def short_call() -> Playbook:
    """A greeting, a question, and a goodbye, in the voice of the embedded agent."""
    return Playbook(
        [
            [ToolCall(name="take_message", arguments=NOTE)],
            [prompt("goodbye"), ToolCall(name="end_call")],
        ],
        purposes={"greeting": [prompt("leave_message")], "go_on": [prompt("still_there")]},
        words=["My boiler leaks.", "No, that is all."],
    )


@pytest.mark.M2
@pytest.mark.M5
@pytest.mark.M10
async def test_a_call_is_answered_understood_and_ended_by_the_agent(aloha_url, number, worker, use):
    async with FakeRealtime(short_call, manner=Manner(latency_ms=LATENCY_MS)) as server:
        use(server)
        result, call = await dial(aloha_url, number, WavCaller([SENTENCE, SENTENCE]))
        (session,) = server.sessions
    assert result.answered_by == AnsweredBy.AGENT
    assert result.warnings == ()
    assert prompts.load("goodbye") in result.heard
    assert call.agent_outcome == "finished"
    assert call.agent_backend == "openai_realtime"
    assert await lines(call) == [
        ("agent", prompts.text_of("leave_message")),
        ("caller", "My boiler leaks."),
        ("agent", prompts.text_of("still_there")),
        ("caller", "No, that is all."),
        ("agent", prompts.text_of("goodbye")),
    ]
    instructions = session.got("session.update")[0]["session"]["instructions"]
    assert "the AI assistant of Nora Whitfield" in instructions
    assert "receptionist" in instructions
    assert session.sent("error") == []
    assert session.conversation.unanswered_calls == []
    message = await message_of(result.call_sid)
    assert "My boiler leaks." in message.summary
    noted = await call.events.aget(kind="message_noted")
    assert noted.payload["reason"] == "The boiler leaks."
    assert call.agent_usage["responses"] == 4
    assert call.cost_usd > 0
    # This model did not say first that it is an AI; the call notice did.
    assert await call.events.filter(kind="disclosure-missing").aexists()


@pytest.mark.check
@pytest.mark.measured
async def test_the_first_word_comes_within_1200_ms_of_the_handshake(aloha_url, number, worker, use):
    async with FakeRealtime(canned_conversation, manner=Manner(latency_ms=LATENCY_MS)) as server:
        use(server)
        caller = WavCaller([], hang_up_at_ms=7_000)  # 3 s after the call notice
        _, call = await dial(aloha_url, number, caller)
    assert call.stream_facts["first_audio_ms"] <= 1_200


@pytest.mark.M4
@pytest.mark.check
async def test_whoever_speaks_over_the_agent_is_heard_and_the_model_is_told_what_was(
    aloha_url, number, worker, use
):
    long_answer = tone("There is a great deal to say about that. " * 6)
    script = Playbook(
        [[long_answer], [prompt("goodbye"), ToolCall(name="end_call")]],
        purposes={"greeting": [prompt("leave_message")]},
    )
    async with FakeRealtime(script, manner=Manner(latency_ms=LATENCY_MS)) as server:
        use(server)
        _, call = await dial(aloha_url, number, Impatient(after_ms=4_000))
        (session,) = server.sessions
    (cut,) = session.got("conversation.item.truncate")
    # It was asked 1.2 s, 0.5 s of silence and 0.4 s of latency before it began to be heard.
    assert 1_500 <= cut["audio_end_ms"] <= 3_500
    assert session.sent("error") == []
    assert call.agent_outcome == "finished"
    cut_line = [line async for line in call.transcript.filter(role="agent")][1]
    assert long_answer.text.startswith(cut_line.text)


class Impatient(WavCaller):
    """Asks after the greeting, and speaks again so long after that, whatever is being said."""

    def __init__(self, *, after_ms: int) -> None:
        super().__init__([SENTENCE])
        self._after_ms: int | None = after_ms

    def exchange(self, heard, *, listener):
        said = super().exchange(heard, listener=listener)
        if self._is_in_turn and self._after_ms is not None:
            self._turns.append(SENTENCE)
            self._speak_at_ms = self._now_ms + self._after_ms
            self._after_ms = None
        return said
