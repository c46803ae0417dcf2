"""Whatever caller, line and model do, in any order: a strict server finds nothing to refuse."""

from hypothesis import given, settings
from hypothesis import strategies as st

from agent.fake_realtime.manner import Manner
from agent.session import AgentDone, CallerStarted, CallerStopped, Heard, Utterance, UtteranceEnd
from tests.agent.realtime_call import ANSWER, SENTENCE, Call, RealtimeCall, playbook, tone

NOTE = Call(name="take_message", arguments='{"reason": "x"}')
LONG = tone("Long. " * 40)
ANSWERS = st.lists(st.sampled_from([ANSWER, LONG, NOTE, Call(name="dial")]), max_size=3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("speak"), st.integers(5, 60)),
        st.tuples(st.just("pause"), st.integers(1, 60)),
        st.tuples(st.just("wait"), st.integers(1, 3_000)),
        st.tuples(st.just("cut"), st.integers(0, 4_000)),
        st.tuples(st.just("barge in"), st.integers(200, 2_000)),
        st.tuples(st.just("silent"), st.integers(1, 3)),
        st.tuples(st.just("key"), st.integers(0, 9)),
        st.tuples(st.just("wrap up"), st.just(0)),
    ),
    max_size=14,
)


def play(call: RealtimeCall, step: str, figure: int) -> None:
    match step:
        case "speak":
            call.speak(SENTENCE[160 * 10 : 160 * (10 + figure)])
        case "pause":
            call.pause(20 * figure)
        case "wait":
            call.wait(figure)
        case "cut":
            cut_what_plays(call, figure)
        case "barge in":
            call.speak()
            call.pause(700)
            call.wait(figure)
            call.speak(SENTENCE[160 * 10 : 160 * 30])
            cut_what_plays(call, figure // 2)
            call.pump()
            call.pause(100)
        case "silent":
            call.dialogue.caller_silent(figure)
        case "key":
            call.dialogue.key_pressed(str(figure))
        case "wrap up":
            call.dialogue.wrap_up()
    call.pump()


def cut_what_plays(call: RealtimeCall, heard_ms: int) -> None:
    """The line stops the last two utterances: some of the first was heard, none of the second."""
    names = list(dict.fromkeys(each.utterance_id for each in call.of(Utterance)))[-2:]
    already = {frame.get("item_id") for frame in call.frames}
    names = [name for name in names if name not in already]
    parts = [
        Heard(utterance_id=name, heard_ms=min(heard_ms, call.spoken_ms(name)) if not index else 0)
        for index, name in enumerate(names)
    ]
    call.dialogue.interrupted(parts)


@settings(max_examples=60, deadline=None)
@given(
    answers=st.lists(ANSWERS, min_size=1, max_size=3),
    steps=STEPS,
    slips=st.integers(0, 4),
    burst=st.booleans(),
)
def test_nothing_is_refused_and_every_tool_call_is_answered(answers, steps, slips, burst):
    manner = Manner(slips=slips, in_one_burst=burst, transcription_ms=100)
    call = RealtimeCall(playbook(*answers), manner=manner)
    for step, figure in steps:
        play(call, step, figure)
    call.pause(1_000)
    call.wait(20_000)
    assert call.errors == []
    assert call.server.conversation.unanswered_calls == []
    heard_turns: set[str] = set()
    spoken_over: set[str] = set()
    for event in call.events:
        if isinstance(event, CallerStarted):
            spoken_over |= heard_turns
        elif isinstance(event, Utterance):
            assert event.turn_id not in spoken_over
            heard_turns.add(event.turn_id)
    begun = [each.utterance_id for each in call.of(Utterance)]
    ended = [each.utterance_id for each in call.of(UtteranceEnd)]
    assert list(dict.fromkeys(begun)) == ended
    assert len(call.of(AgentDone)) <= 1
    assert len(call.of(CallerStarted)) <= len(call.server.sent("input_audio_buffer.speech_started"))
    turns = [(each.start_ms, each.end_ms) for each in call.of(CallerStopped)]
    assert turns == sorted(turns)
