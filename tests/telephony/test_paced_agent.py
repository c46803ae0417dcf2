"""The bridge with an agent that interrupts itself and sends its audio as it is to be heard."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.fake_live.manner import LiveManner
from agent.session import AgentOutcome, Capabilities, Role
from agent.speech import mulaw
from telephony.actions import (
    CloseStream,
    SendAudio,
    SendMark,
    TellSilence,
    TellWrapUp,
    WriteLine,
)
from telephony.bridge import OWN_SENTENCES, Bridge
from telephony.said import OwnWords
from telephony.voice_watch import VoiceWatch
from tests.agent.live_call import LiveCall
from tests.agent.realtime_call import (
    ANSWER,
    GOODBYE,
    GREETING,
    SENTENCE,
    Call,
    playbook,
    silence,
    tone,
)

NOTE = Call(name="take_message", arguments='{"reason": "x"}')
OWN = {name: OwnWords(text=name, pieces=((b"\xff\xff", 1_500),)) for name in OWN_SENTENCES}
WAY_MS = 60


class BridgedCall(LiveCall):
    """A Live call on a line: what the bridge decides is done, marks come back once heard."""

    def __init__(self, *args, max_call_ms: int = 600_000, **kwargs) -> None:
        self.bridge = Bridge(max_call_ms=max_call_ms, own_words=OWN)
        self.bridge.agent_opened(Capabilities(interrupts_itself=True, paces_audio=True))
        self.now_ms = 0
        self.lines: list[tuple[str, str]] = []
        self.asked: list[int] = []
        self.outcome: AgentOutcome | None = None
        self.closed_at_ms = 0
        self._voice = VoiceWatch()
        self._plays_until_ms = 0
        self._marks: list[tuple[int, str]] = []
        super().__init__(*args, **kwargs)

    def speak(self, audio: bytes = SENTENCE) -> None:
        for at in range(0, len(audio) - 159, mulaw.FRAME_BYTES):
            if self.outcome is not None:
                return
            frame = audio[at : at + mulaw.FRAME_BYTES]
            super().speak(frame)
            self.now_ms += mulaw.FRAME_MS
            while self._marks and self._marks[0][0] <= self.now_ms:
                self.do(self.bridge.mark_returned(self._marks.pop(0)[1], now_ms=self.now_ms))
            if self.now_ms % 100 == 0:
                if self._voice.hears_voice(frame):
                    self.bridge.voice_heard(now_ms=self.now_ms)
                self.do(self.bridge.tick(now_ms=self.now_ms))

    def pump_events(self) -> None:
        events = self.dialogue.outbox.take_events()
        self.events += events
        for event in events:
            self.do(self.bridge.agent_event(event, now_ms=self.now_ms))

    def do(self, actions) -> None:
        for action in actions:
            match action:
                case SendAudio(audio):
                    length_ms = len(audio) // 8
                    starts_ms = max(self._plays_until_ms, self.now_ms + WAY_MS)
                    self._plays_until_ms = starts_ms + length_ms
                case SendMark(name):
                    back_ms = max(self._plays_until_ms, self.now_ms) + WAY_MS
                    self._marks.append((back_ms, name))
                case TellSilence(times):
                    self.asked.append(times)
                    self.dialogue.caller_silent(times)
                case TellWrapUp():
                    self.dialogue.wrap_up()
                case WriteLine():
                    whole = action.heard_chars is None or action.heard_chars == len(action.text)
                    self.lines.append((action.role, action.text if whole else "cut"))
                case CloseStream(outcome):
                    self.outcome, self.closed_at_ms = outcome, self.now_ms


MANNERS = [
    pytest.param(LiveManner(), id="usual"),
    pytest.param(LiveManner(latency_ms=700), id="slow to answer"),
    pytest.param(LiveManner(caller_words_late_ms=1_200), id="caller's words late"),
    pytest.param(LiveManner(agent_words_late_ms=1_200), id="its own words late"),
    pytest.param(LiveManner(piece_ms=20), id="small pieces"),
    pytest.param(LiveManner(piece_ms=400), id="large pieces"),
    pytest.param(LiveManner(sends_silence=False), id="no silence"),
    pytest.param(LiveManner(noise=True), id="noise for silence"),
]


@pytest.mark.M5
@pytest.mark.parametrize("manner", MANNERS)
def test_a_call_goes_its_way_without_a_filler_and_ends_after_the_goodbye(manner):
    script = playbook([ANSWER], [NOTE], [Call(name="end_call")], words=["One.", "Two.", "Three."])
    call = BridgedCall(script, manner=manner)
    call.pause(10_000)
    for _ in range(3):
        call.speak()
        call.pause(9_000)
    assert call.outcome is AgentOutcome.FINISHED
    assert call.bridge.fillers == 0
    assert call.asked == []
    spoken = [text for role, text in call.lines if role == Role.AGENT]
    assert spoken == [GREETING.text, ANSWER.text, "I have noted that.", GOODBYE.text]
    assert [text for role, text in call.lines if role == Role.CALLER] == ["One.", "Two.", "Three."]


ANY_MANNER = st.builds(
    LiveManner,
    latency_ms=st.integers(20, 800),
    caller_words_late_ms=st.integers(0, 2_500),
    agent_words_late_ms=st.integers(0, 1_100),
    piece_ms=st.sampled_from([20, 60, 100, 200, 400]),
    sends_silence=st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(
    manner=ANY_MANNER,
    greeted_ms=st.integers(3_000, 12_000),
    pauses_ms=st.lists(st.integers(0, 12_000), min_size=3, max_size=3),
)
def test_no_agent_that_answers_is_given_up(manner, greeted_ms, pauses_ms):
    script = playbook([ANSWER], [NOTE], [Call(name="end_call")], words=["One.", "Two.", "Three."])
    call = BridgedCall(script, manner=manner)
    call.pause(greeted_ms)
    for pause_ms in pauses_ms:
        call.speak()
        call.pause(pause_ms)
    call.pause(60_000)
    assert call.outcome is not AgentOutcome.FAILED


def test_between_two_utterances_the_call_may_be_passed_on():
    call = BridgedCall(playbook([ANSWER], words=["One."]))
    call.pause(3_000)
    assert not call.bridge.is_quiet(now_ms=call.now_ms)
    call.pause(7_000)
    assert call.bridge.is_quiet(now_ms=call.now_ms)
    call.speak()
    assert not call.bridge.is_quiet(now_ms=call.now_ms)


def test_a_silent_caller_is_asked_twice_and_told_goodbye():
    call = BridgedCall()
    call.pause(60_000)
    assert call.asked == [1, 2, 3]
    assert call.lines[-1] == (Role.AGENT, GOODBYE.text)
    assert call.outcome is AgentOutcome.FINISHED


def test_a_call_beyond_its_time_is_wrapped_up_in_the_agents_words():
    long = tone("There is a great deal to say about that. " * 3)
    call = BridgedCall(playbook([long], words=["One."]), max_call_ms=15_000)
    call.pause(9_000)
    call.speak()
    call.pause(60_000)
    assert call.outcome is AgentOutcome.TIME_LIMIT
    assert "time is up" in call.lines[-1][1]
    assert call.bridge.fillers == 0


def test_an_agent_that_goes_mute_is_given_up():
    call = BridgedCall(playbook([], words=["One."], go_on=[]))
    call.pause(10_000)
    call.speak()
    call.pause(20_000)
    assert call.outcome is AgentOutcome.FAILED
    assert call.bridge.fillers == 1


def test_who_speaks_over_the_agent_hears_no_more_of_it():
    long = tone("There is a great deal to say about that. " * 5)
    call = BridgedCall(playbook([long], [ANSWER], words=["One.", "Wait a moment."]))
    call.pause(10_000)
    call.speak()
    call.pause(3_000)
    call.speak(SENTENCE + silence(9_000))
    spoken = [text for role, text in call.lines if role == Role.AGENT]
    assert len(spoken) == 3
    assert len(spoken[1]) < len(long.text) / 2
    assert call.bridge.fillers == 0
