"""Whatever caller, line and Live server do: nothing is refused and no word is lost."""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import SessionRefused
from agent.fake_live.manner import LiveManner
from agent.session import (
    AgentDone,
    CallerPaused,
    CallerStarted,
    CallerStopped,
    Utterance,
    UtteranceEnd,
)
from tests.agent.live_call import LiveCall
from tests.agent.realtime_call import ANSWER, SENTENCE, Call, playbook, tone

NOTE = Call(name="take_message", arguments='{"reason": "x"}')
LONG = tone("Long. " * 40)
PARTS = [ANSWER, LONG, NOTE, Call(name="dial"), Call(name="end_call")]
ANSWERS = st.lists(st.sampled_from(PARTS), max_size=3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("speak"), st.integers(5, 60)),
        st.tuples(st.just("pause"), st.integers(1, 300)),
        st.tuples(st.just("stand still"), st.integers(1, 100)),
        st.tuples(st.just("lose"), st.integers(0, 20)),
        st.tuples(st.just("silent"), st.integers(1, 3)),
        st.tuples(st.just("key"), st.integers(0, 9)),
        st.tuples(st.just("wrap up"), st.just(0)),
    ),
    max_size=14,
)
MANNERS = st.builds(
    LiveManner,
    latency_ms=st.integers(20, 3_000),
    caller_words_late_ms=st.integers(0, 2_500),
    agent_words_late_ms=st.integers(0, 2_500),
    piece_ms=st.sampled_from([20, 60, 100, 200, 400]),
    sends_silence=st.booleans(),
    sends_unknown_events=st.booleans(),
)


def play(call: LiveCall, step: str, figure: int) -> None:
    match step:
        case "speak":
            call.speak(SENTENCE[160 * 10 : 160 * (10 + figure)])
        case "pause":
            call.pause(20 * figure)
        case "stand still":
            call.stand_still(20 * figure)
        case "lose":
            call.replace_server(held_ms=20 * figure)
        case "silent":
            call.dialogue.caller_silent(figure)
        case "key":
            call.dialogue.key_pressed(str(figure))
        case "wrap up":
            call.dialogue.wrap_up()
    call.pump()


def words_in(texts: list[str]) -> list[str]:
    return " ".join(texts).split()


def told(call: LiveCall, side: str) -> list[str]:
    kind = f"session.{side}_transcript.delta"
    return words_in([event["delta"] for event in call.received if event["type"] == kind])


@settings(max_examples=60, deadline=None)
@given(answers=st.lists(ANSWERS, min_size=1, max_size=3), steps=STEPS, manner=MANNERS)
def test_nothing_is_refused_and_no_word_is_lost(answers, steps, manner):
    call = LiveCall(
        playbook(*answers, words=["One two three.", "Four.", "Five six."]), manner=manner
    )
    with suppress(SessionRefused):  # of a model that does nothing but call tools
        for step, figure in steps:
            play(call, step, figure)
        call.pause(6_000)
    call.dialogue.close()
    call.pump_events()
    assert call.errors == []
    assert call.unreadable == 0
    assert words_in(call.heard) == told(call, "input")
    check_utterances(call)
    check_turns(call)


def check_utterances(call: LiveCall) -> None:
    begun = [each.utterance_id for each in call.of(Utterance)]
    ended = [each.utterance_id for each in call.of(UtteranceEnd)]
    assert list(dict.fromkeys(begun)) == ended
    speaking = ""
    for event in call.events:
        if isinstance(event, Utterance):
            assert speaking in {"", event.utterance_id}
            speaking = event.utterance_id
        elif isinstance(event, UtteranceEnd):
            speaking = ""
    assert len(call.of(AgentDone)) <= 1
    if call.of(AgentDone):
        done_at = call.events.index(call.of(AgentDone)[0])
        assert not any(isinstance(each, Utterance) for each in call.events[done_at:])


def check_turns(call: LiveCall) -> None:
    is_speaking = False
    for event in call.events:
        if isinstance(event, CallerStarted):
            assert not is_speaking
            is_speaking = True
        elif isinstance(event, CallerPaused):
            assert is_speaking
            is_speaking = False
    assert not is_speaking
    for turn in call.of(CallerStopped):
        assert 0 <= turn.start_ms < turn.end_ms <= call.dialogue.clock.now_ms + 1
        assert turn.text
