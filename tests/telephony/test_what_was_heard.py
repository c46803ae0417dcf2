"""The agent is told what the caller heard: any talk, any network, against a carrier that knows."""

from itertools import chain, repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.session import CallerStarted, TranscriptSource, Utterance, UtteranceEnd
from telephony.actions import SendAudio, SendClear, TellInterrupted, WriteLine
from telephony.bridge import Bridge
from tests.peers.ideal_carrier import IdealCarrier

pytestmark = pytest.mark.M4

MAX_DELAY_MS = 150
WORDS = " ".join(f"word{number}" for number in range(40))

pieces = st.tuples(st.integers(0, 900), st.integers(1, 600))  # after how long, of what length
utterances = st.lists(pieces, min_size=1, max_size=8)
turns = st.tuples(
    st.lists(utterances, min_size=1, max_size=3),
    st.integers(0, 6_000),  # how long into the turn the caller speaks over it
)
calls = st.lists(turns, min_size=1, max_size=4)
delays = st.lists(st.integers(0, MAX_DELAY_MS), min_size=1, max_size=60)


class PlayedCall:
    """A bridge between an agent that follows a plan and a carrier that keeps count."""

    def __init__(self, plan, delays_ms):
        self.bridge = Bridge(max_call_ms=10**9, own_words={})
        self.carrier = IdealCarrier(chain(delays_ms, repeat(delays_ms[-1])))
        self.carrier.returns_marks_to(self._mark_returned)
        self.told = {}
        self.lines = []
        self.begun_turns = set()
        self.interrupted_turns = set()
        self.sent_after_interruption = []
        self.clear_was_late = False
        at_ms = 0
        for number, (turn, interrupted_after_ms) in enumerate(plan):
            self._plan_turn(f"turn{number}", turn, at_ms)
            at_ms += interrupted_after_ms
            self.carrier.at(at_ms, lambda now, turn=f"turn{number}": self._interrupt(turn, now))
            at_ms += 10_000  # what comes late has come by then, and what plays is over
        self.carrier.run()

    def _plan_turn(self, turn_id, turn, at_ms):
        for number, utterance in enumerate(turn):
            name = f"{turn_id}-{number}"
            for gap_ms, duration_ms in utterance:
                at_ms += gap_ms
                said = Utterance(
                    utterance_id=name,
                    audio=f"{name}:{duration_ms}".encode(),
                    duration_ms=duration_ms,
                    turn_id=turn_id,
                )
                self.carrier.at(at_ms, lambda now, said=said: self._agent(said, now))
            end = UtteranceEnd(utterance_id=name, text=WORDS, source=TranscriptSource.REALTIME)
            self.carrier.at(at_ms, lambda now, end=end: self._agent(end, now))

    def _agent(self, event, now_ms):
        actions = self.bridge.agent_event(event, now_ms=now_ms)
        if isinstance(event, Utterance):
            self.begun_turns.add(event.turn_id)
            if event.turn_id in self.interrupted_turns:
                self.sent_after_interruption += [a for a in actions if isinstance(a, SendAudio)]
        self._carry_out(actions, now_ms)

    def _interrupt(self, turn_id, now_ms):
        self.interrupted_turns |= {turn_id} & self.begun_turns
        actions = self.bridge.agent_event(CallerStarted(at_ms=now_ms), now_ms=now_ms)
        self.clear_was_late |= bool(actions) and actions[0] != SendClear()
        self._carry_out(actions, now_ms)

    def _mark_returned(self, name, now_ms):
        self._carry_out(self.bridge.mark_returned(name, now_ms=now_ms), now_ms)

    def _carry_out(self, actions, now_ms):
        self.carrier.take(actions, now_ms)
        for action in actions:
            if isinstance(action, TellInterrupted):
                self.told |= {part.utterance_id: part.heard_ms for part in action.heard}
            elif isinstance(action, WriteLine):
                self.lines.append(action)


def assert_truly_heard(plan, delays_ms):
    call = PlayedCall(plan, delays_ms)
    carrier = call.carrier
    for utterance, heard_ms in call.told.items():
        assert heard_ms <= carrier.sent_ms[utterance]
        assert abs(heard_ms - carrier.heard_ms[utterance]) <= max(delays_ms)
    for utterance, sent_ms in carrier.sent_ms.items():
        if utterance not in call.told:
            assert carrier.heard_ms[utterance] == sent_ms
    assert not call.clear_was_late
    assert call.sent_after_interruption == []


@settings(max_examples=200, deadline=None)
@given(calls, delays)
def test_the_agent_is_told_what_the_caller_heard(plan, delays_ms):
    assert_truly_heard(plan, delays_ms)


@pytest.mark.soak
@settings(max_examples=20_000, deadline=None)
@given(calls, delays)
def test_the_agent_is_told_what_the_caller_heard_in_20000_calls(plan, delays_ms):
    assert_truly_heard(plan, delays_ms)


@settings(max_examples=100, deadline=None)
@given(calls, delays)
def test_every_utterance_is_told_once_or_heard_whole_and_its_line_says_how_much(plan, delays_ms):
    call = PlayedCall(plan, delays_ms)
    spans = [line.end_ms - line.start_ms for line in call.lines]
    heard = sorted(ms for ms in call.told.values() if ms > 0)
    whole = [ms for name, ms in call.carrier.sent_ms.items() if name not in call.told]
    assert sorted(spans) == sorted(heard + whole)
    for line in call.lines:
        assert line.heard_chars is None or WORDS.startswith(line.text[: line.heard_chars])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 3_000), st.integers(0, MAX_DELAY_MS))
def test_a_constant_delay_costs_no_accuracy_at_all(interrupted_after_ms, delay_ms):
    call = PlayedCall([([[(0, 600)] * 8], interrupted_after_ms)], [delay_ms])
    assert call.told.get("turn0-0", 4_800) == call.carrier.heard_ms["turn0-0"]
