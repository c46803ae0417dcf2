"""What the Live agent makes of a call, in the caller's time."""

import json

import pytest

from agent import instructions
from agent.backends import live_dialogue
from agent.backends.live_clock import LiveClock, is_loud
from agent.errors import SessionLost, SessionRefused
from agent.fake_live.manner import LiveManner
from agent.fake_realtime.faults import Fault, Kind, Phase
from agent.session import (
    AgentDone,
    AgentOutcome,
    CallerPaused,
    CallerStarted,
    CallerStopped,
    TranscriptSource,
    Utterance,
    UtteranceEnd,
)
from agent.speech import prompts
from tests.agent.live_call import LiveCall
from tests.agent.realtime_call import ANSWER, GOODBYE, GREETING, Call, playbook, silence, tone
from tests.agent.test_endpointer import voice

NOTE = '{"reason": "The boiler leaks.", "caller_name": "Ann", "urgency": "high"}'
GREETING_MS = len(GREETING.audio) // 8
UNTIL_GREETED = GREETING_MS + 3_000


def greeted(*turns, words=None, manner=None, **purposes) -> LiveCall:
    call = LiveCall(playbook(*turns, words=words, **purposes), manner=manner)
    call.pause(UNTIL_GREETED)
    return call


# --- What the agent says ---


def test_the_greeting_is_one_utterance_with_its_words():
    call = greeted()
    assert call.said == [GREETING.text]
    assert "AI" in call.comments[0]
    assert {each.utterance_id for each in call.of(Utterance)} == {"utterance_1"}
    assert GREETING_MS <= call.spoken_ms("utterance_1") <= GREETING_MS + 1_300


def test_silence_is_never_passed_on_for_itself():
    call = greeted()
    before = len(call.of(Utterance))
    call.pause(5_000)
    assert len(call.of(Utterance)) == before
    sound = b"".join(each.audio for each in call.of(Utterance))
    assert is_loud(sound[:1_600])


@pytest.mark.parametrize("piece_ms", [20, 60, 100, 400])
def test_pieces_of_any_length_are_cut_alike(piece_ms):
    call = greeted([ANSWER], manner=LiveManner(piece_ms=piece_ms, noise=piece_ms == 60))
    call.say()
    assert call.said == [GREETING.text, ANSWER.text]


def test_a_breath_does_not_end_an_utterance_and_a_pause_does():
    breath = tone("One.").audio + silence(500) + tone("Two.").audio
    pause = tone("Three.").audio + silence(1_500) + tone("Four.").audio
    for sound, utterances in ((breath, 1), (pause, 2)):
        said = GREETING.__class__(text="Some words that belong to it.", audio=sound)
        call = greeted([said])
        call.say()
        assert len(call.said) == 1 + utterances


@pytest.mark.parametrize("late_ms", [300, 900])
def test_words_that_come_late_belong_to_what_they_say(late_ms):
    call = greeted([ANSWER], manner=LiveManner(agent_words_late_ms=late_ms))
    call.say()
    assert call.said == [GREETING.text, ANSWER.text]


def test_an_utterance_whose_words_never_come_ends_without_them():
    call = LiveCall(manner=LiveManner(agent_words_late_ms=600_000))
    call.pause(UNTIL_GREETED + 2_000)
    [end] = call.of(UtteranceEnd)
    assert (end.text, end.source) == ("", TranscriptSource.NONE)


def test_a_server_that_sends_no_silence_is_understood_too():
    call = greeted([ANSWER], manner=LiveManner(sends_silence=False))
    call.say()
    assert call.said == [GREETING.text, ANSWER.text]


def test_a_server_that_sends_silence_and_then_nothing_is_gone():
    call = greeted()
    call.pause(2_000)
    for _ in range(live_dialogue.SILENT_LOOKS - 1):
        call.dialogue.line_stands_still(250)
        call.dialogue.look()
    for _ in range(20):
        call.dialogue.look()  # it was sent nothing to answer with audio
    call.dialogue.line_stands_still(250)
    with pytest.raises(SessionLost, match="no audio"):
        call.dialogue.look()


# --- What the caller says ---


def test_a_turn_begins_ends_and_has_its_words():
    call = greeted([ANSWER], words=["My boiler leaks."])
    call.say()
    began, paused, stopped = (
        call.of(CallerStarted),
        call.of(CallerPaused),
        call.of(CallerStopped),
    )
    assert len(began) == len(paused) == len(stopped) == 1
    assert stopped[0].text == "My boiler leaks."
    assert began[0].at_ms == stopped[0].start_ms
    assert paused[0].at_ms == stopped[0].end_ms
    # It spoke 1.2 s, from the end of the greeting on.
    assert abs(stopped[0].start_ms - UNTIL_GREETED) <= 400
    assert abs(stopped[0].end_ms - UNTIL_GREETED - 1_200) <= 200


def test_the_turn_is_over_before_the_answer_begins():
    call = greeted([ANSWER], words=["My boiler leaks."])
    call.say()
    order = [type(each) for each in call.events]
    answer = next(
        at
        for at, each in enumerate(call.events)
        if isinstance(each, Utterance) and each.utterance_id == "utterance_2"
    )
    assert order.index(CallerPaused) < answer


def test_words_that_come_while_they_are_answered_are_a_turn_that_is_over():
    call = greeted([ANSWER], words=["Late."], manner=LiveManner(caller_words_late_ms=1_500))
    call.say()
    call.say()
    assert call.heard == ["Late.", "Late."]
    assert len(call.of(CallerStarted)) == len(call.of(CallerPaused)) == 2
    assert len(call.comments) == 1


def test_words_that_come_after_the_answer_are_only_written_down():
    call = greeted(
        [tone("Yes.")], words=["Too late."], manner=LiveManner(caller_words_late_ms=4_000)
    )
    call.say(9_000)
    call.say(9_000)
    assert call.heard == ["Too late.", "Too late."]
    assert len(call.of(CallerStarted)) == len(call.of(CallerPaused)) == 1  # so that pauses are told


def test_who_speaks_over_the_agent_is_heard_and_it_stops():
    long = tone("There is a great deal to say about that. " * 5)
    call = greeted([long], [ANSWER], words=["One.", "Wait."])
    call.speak()
    call.pause(3_000)
    call.say()
    assert call.heard == ["One.", "Wait."]
    assert len(call.said) == 3
    cut = call.said[1]
    assert cut
    assert long.text.startswith(cut)
    assert len(cut) < len(long.text) / 2
    assert call.spoken_ms("utterance_2") < len(long.audio) / 8 / 2


def test_turns_that_nobody_wrote_down_are_none():
    call = greeted([ANSWER], words=[None])
    call.say()
    assert call.heard == []
    assert call.said[-1] == ANSWER.text


def test_a_caller_without_an_answer_is_answered_when_told_to():
    call = greeted([], words=["Hello?"], go_on=[ANSWER])
    call.say(9_000)
    assert "waits for you" in call.comments[-1]
    assert call.said[-1] == ANSWER.text


def test_a_caller_whom_nobody_answers_after_she_stopped_the_agent_is_not_left_waiting():
    long = tone("There is a great deal to say about that. " * 5)
    call = greeted([long], [], words=["One.", "Wait a moment."], go_on=[ANSWER])
    call.speak()
    call.pause(3_000)
    call.say(10_000)
    assert "waits for you" in call.comments[-1]
    assert call.said[-1] == ANSWER.text


def test_a_turn_that_goes_on_after_a_pause_stays_one():
    call = greeted([], words=["One."])
    for after_ms in (1_000, 4_000):
        said_ms = call.server.audio_ms - 400
        words = {"delta": "word ", "start_ms": said_ms, "end_ms": said_ms + 300}
        call.give({"type": "session.input_transcript.delta", **words})
        call.pump_events()
        call.pause(after_ms)
    kinds = [type(each) for each in call.events if not isinstance(each, Utterance | UtteranceEnd)]
    assert kinds == [CallerStarted, CallerPaused, CallerStarted, CallerPaused, CallerStopped]
    assert call.heard == ["word word"]


# --- Tools ---


def test_a_message_is_noted_through_the_model_behind_the_voice():
    call = greeted([Call(name="take_message", arguments=NOTE)], words=["My boiler leaks."])
    call.say()
    message = call.dialogue.tools.message
    assert message is not None
    assert message.reason == "The boiler leaks."
    [answered] = call.sent("response.item.create")
    assert answered["item"]["output"] == '{"ok":true}'
    assert len(call.sent("response.create")) == 1
    assert call.server.tasks.unanswered == set()
    assert call.said[-1] == "I have noted that."
    assert call.errors == []
    assert call.dialogue.meter.totals()["tasks"] == 2


def test_a_call_that_does_not_say_whether_it_is_complete_is_carried_out():
    call = greeted()
    item = {"type": "function_call", "call_id": "1", "name": "take_message", "arguments": NOTE}
    done = {"type": "response.output_item.done", "item": item}
    call.give({"type": "response.event", "event": done})
    assert call.dialogue.tools.message is not None


@pytest.mark.M8
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("call_owner", "{}"),
        ("take_message", '{"reason": "x", "to": "+15105550100"}'),
        ("take_message", "no json"),
        ("do_not_call", "{}"),
        ("end_call", '{"now": true}'),
    ],
)
def test_what_it_may_not_call_is_answered_and_never_done(name, arguments):
    call = greeted([Call(name=name, arguments=arguments)])
    call.say()
    assert call.dialogue.tools.message is None
    assert call.dialogue.tools.refused == 1
    assert call.of(AgentDone) == []
    assert "error" in call.sent("response.item.create")[0]["item"]["output"]


def test_a_model_that_only_calls_tools_is_given_up():
    again = [Call(name="take_message", arguments=NOTE)]
    with pytest.raises(SessionRefused, match="tool_loop"):
        greeted(again, go_on=again).say(60_000)


# --- The end ---


def test_the_call_ends_after_a_goodbye_that_was_heard():
    call = greeted([Call(name="end_call")])
    call.say()
    assert call.said[-1] == GOODBYE.text
    assert call.events[-1] == AgentDone()
    assert call.sent("response.create") == []  # its result is the goodbye


def test_a_goodbye_after_another_sentence_is_heard_too():
    call = greeted([ANSWER, Call(name="end_call")])
    call.say(12_000)
    ends = [each.text for each in call.of(UtteranceEnd)]
    assert ends[-1].endswith(GOODBYE.text)
    assert call.events[-1] == AgentDone()


def test_a_goodbye_that_never_comes_is_not_waited_for():
    call = greeted([Call(name="end_call")], farewell=[])
    call.say(14_000)
    assert call.events[-1] == AgentDone()


def speak_into_goodbye(call: LiveCall) -> None:
    """A turn that ends the call, and another one into what the agent says to it."""
    call.speak()
    while not call.dialogue._speech.is_open:
        assert not call.dialogue.is_done
        call.pause(20)
    call.pause(300)
    call.say()


def test_who_has_something_to_add_to_the_goodbye_is_heard_once():
    ends = [Call(name="end_call")]
    words = ["No, thanks.", "Wait, one more thing.", "That is all."]
    call = greeted(ends, [ANSWER], ends, [ANSWER], words=words)
    speak_into_goodbye(call)
    assert call.of(AgentDone) == []
    assert call.said[-1].startswith(ANSWER.text)
    speak_into_goodbye(call)
    assert call.of(AgentDone) == [AgentDone()]


def test_the_end_of_the_time_is_said_once():
    call = greeted()
    call.dialogue.wrap_up()
    call.dialogue.wrap_up()
    call.pause(12_000)
    assert call.said[-1] == prompts.text_of("time_is_up")
    assert call.of(AgentDone) == [AgentDone(outcome=AgentOutcome.TIME_LIMIT)]


def test_who_was_called_and_wants_no_more_calls_is_told_so():
    script = playbook([Call(name="do_not_call")])
    call = LiveCall(script, outbound=True)
    call.pause(UNTIL_GREETED)
    call.say()
    assert "there will be no more calls" in call.comments[-1]
    assert call.of(AgentDone) == [AgentDone(outcome=AgentOutcome.OPTED_OUT)]
    assert call.dialogue.tools.wants_no_calls


def test_a_silent_caller_is_asked_and_the_third_time_told_goodbye():
    call = greeted()
    call.dialogue.caller_silent(1)
    call.pause(6_000)
    assert call.said[-1] == prompts.text_of("still_there")
    call.dialogue.caller_silent(3)
    call.pause(6_000)
    assert call.said[-1] == GOODBYE.text
    assert call.events[-1] == AgentDone()


@pytest.mark.parametrize("farewell", [[], [GOODBYE]], ids=["not begun", "begun"])
def test_who_answers_before_she_is_left_for_her_silence_is_answered_and_stays(farewell):
    call = greeted([ANSWER], words=["I am here."], farewell=farewell)
    call.dialogue.caller_silent(3)
    call.say()
    assert call.said[-1].endswith(ANSWER.text)
    assert call.of(AgentDone) == []
    call.dialogue.key_pressed("5")
    call.pump()
    assert "key 5" in call.comments[-1]


def idle_until_left(call: LiveCall) -> None:
    while "Nobody answers" not in call.comments[-1]:
        call.pause(20)


@pytest.mark.parametrize("farewell", [[], [GOODBYE]], ids=["not begun", "begun"])
@pytest.mark.parametrize(
    "leave",
    [lambda call: call.dialogue.caller_silent(3), idle_until_left],
    ids=["silence", "nobody speaks"],
)
def test_a_key_answers_before_she_is_left_for_her_silence(leave, farewell):
    call = greeted(farewell=farewell, go_on=[ANSWER])
    leave(call)
    call.pause(800)
    call.dialogue.key_pressed("5")
    call.pause(15_000)
    assert [each for each in call.comments if "key" in each] == [call.comments[-1]]
    assert call.said[-1].endswith(ANSWER.text)
    assert call.of(AgentDone) == []


def test_a_key_changes_nothing_of_a_goodbye_that_was_asked_for():
    call = greeted([Call(name="end_call")])
    call.speak()
    while not call.dialogue._speech.is_open:
        call.pause(20)
    before = len(call.comments)
    call.dialogue.key_pressed("5")
    call.pause(6_000)
    assert call.comments[before:] == []
    assert call.of(AgentDone) == [AgentDone()]


def test_who_begins_to_speak_when_nothing_follows_the_last_words_is_heard():
    call = greeted([ANSWER], words=["Thanks.", "Oh, and one more thing, please."], farewell=[])
    call.speak()
    while not call.dialogue._speech.is_open:
        call.pause(20)
    call.give_call("end_call")
    while call.dialogue._speech.is_open:
        call.pause(20)
    call.say()
    assert call.heard[-1] == "Oh, and one more thing, please."
    assert call.said[-1] == ANSWER.text
    assert call.of(AgentDone) == []


def test_who_was_nearly_left_for_her_silence_may_still_add_to_the_goodbye():
    call = greeted([ANSWER], [Call(name="end_call")], [ANSWER], words=["I am here."])
    call.dialogue.caller_silent(3)
    call.say()
    speak_into_goodbye(call)
    assert call.of(AgentDone) == []


def test_nobody_pays_for_a_line_on_which_nobody_speaks():
    call = greeted()
    call.pause(live_dialogue.IDLE_MS + 12_000)
    assert "Nobody answers" in call.comments[-1]
    assert call.of(AgentDone) == [AgentDone()]


def test_a_key_reaches_the_model_and_what_is_no_key_does_not():
    call = greeted()
    call.dialogue.key_pressed("5")
    call.dialogue.key_pressed("x")
    call.pump()
    assert call.comments[1:] == ["The caller pressed the key 5 on the telephone."]


# --- Sessions ---


def test_a_second_session_knows_what_was_said_and_goes_on():
    call = greeted([ANSWER], words=["My boiler leaks."])
    call.speak()
    call.pause(1_500)
    assert call.dialogue._speech.is_open
    call.replace_server(held_ms=400)
    call.pause(4_000)
    told = call.sent("session.start")[1]["session"]["instructions"]
    assert GREETING.text in told
    assert "My boiler leaks." in told
    assert call.said[-1] == "Sorry, where were we?"
    began = call.dialogue.clock.now_ms
    call.say()
    assert abs(call.of(CallerStopped)[-1].start_ms - began) <= 400


def test_a_session_lost_before_the_first_word_is_greeted_again():
    call = LiveCall()
    call.replace_server()
    call.pause(UNTIL_GREETED)
    assert call.said == [GREETING.text]


@pytest.mark.M6
@pytest.mark.parametrize("is_lost_before", [False, True], ids=["asked", "asked meanwhile"])
@pytest.mark.parametrize(
    ("ask", "comment"),
    [
        (lambda call: call.dialogue.caller_silent(1), "still there"),
        (lambda call: call.dialogue.key_pressed("5"), "pressed the key 5"),
    ],
    ids=["silence", "key"],
)
def test_what_was_not_answered_is_asked_again_in_a_second_session(ask, comment, is_lost_before):
    call = greeted()
    if is_lost_before:
        call.dialogue.lose()
    ask(call)
    if is_lost_before:
        call.dialogue.outbox.take_frames()  # what was meant for the lost session
    before = len(call.comments)
    call.replace_server()
    assert [comment in each for each in call.comments[before:]] == [True]


def until_it_speaks(call: LiveCall) -> None:
    while not call.dialogue._speech.is_open:
        call.pause(20)


def word(call: LiveCall) -> None:
    at_ms = call.server.audio_ms
    words = {"delta": "Well. ", "start_ms": at_ms - 200, "end_ms": at_ms}
    call.give({"type": "session.input_transcript.delta", **words})


@pytest.mark.M6
@pytest.mark.parametrize(
    "what_follows",
    [lambda call: None, until_it_speaks, word, lambda call: call.give_call("take_message", NOTE)],
    ids=["nothing", "the first sound of an answer", "a word", "a task"],
)
def test_a_second_session_knows_every_key_whatever_followed(what_follows):
    call = greeted()
    for digit in "415":
        call.dialogue.key_pressed(digit)
    call.pump()
    what_follows(call)
    call.replace_server()
    assert [f"Caller: (pressed the key {digit})" in call.knows for digit in "415"] == [True] * 3


@pytest.mark.M6
def test_keys_that_no_session_was_told_of_are_told_together_to_the_second():
    call = greeted()
    call.dialogue.key_pressed("4")
    before = len(call.comments)
    call.replace_server(meanwhile=lambda: [call.dialogue.key_pressed(each) for each in "15"])
    assert call.comments[before:] == ["The caller pressed the keys 4 1 5 on the telephone."]


@pytest.mark.parametrize("is_lost_before", [False, True], ids=["before", "meanwhile"])
def test_a_key_before_the_greeting_outlives_a_lost_session(is_lost_before):
    call = LiveCall()
    if is_lost_before:
        call.replace_server(meanwhile=lambda: call.dialogue.key_pressed("5"))
    else:
        call.dialogue.key_pressed("5")
        call.pump()
        call.replace_server()
    greet, key = call.comments[-2:]
    assert "Greet now" in greet
    assert "pressed the key 5" in key


def test_a_key_is_answered_before_what_else_was_asked_for():
    call = greeted()
    call.dialogue.key_pressed("5")
    call.dialogue.caller_silent(1)
    before = len(call.comments)
    call.replace_server()
    assert ["pressed the key 5" in each for each in call.comments[before:]] == [True]


def test_a_second_session_answers_who_had_spoken_into_the_goodbye():
    call = greeted([Call(name="end_call")], [ANSWER], words=["No.", "Wait, one more thing."])
    call.speak()
    until_it_speaks(call)
    call.speak()
    call.replace_server()
    assert "go on where the conversation stopped" in call.comments[-1]
    call.pause(12_000)
    assert call.of(AgentDone) == []


def test_a_second_session_says_the_goodbye_that_the_first_had_not_begun():
    call = greeted([Call(name="end_call")], farewell=[])
    call.speak()
    while "The call ends" not in call.comments[-1]:
        call.pause(20)
    before = len(call.comments)
    call.replace_server()
    assert ["The call ends" in each for each in call.comments[before:]] == [True]


def test_a_caller_who_waits_is_answered_by_a_second_session():
    call = greeted([], words=["Hello?"])
    call.speak()
    while "waits for you" not in call.comments[-1]:
        call.pause(20)
    before = len(call.comments)
    call.replace_server()
    assert call.comments[before:] == [instructions.for_waiting()]


def test_the_words_after_a_tool_are_said_by_a_second_session():
    call = greeted()
    call.give_call("take_message", NOTE)
    call.give_task("response.completed", response={"id": "1"})
    call.replace_server()
    call.pause(9_000)
    assert call.said[-1].startswith("Sorry, where were we?")


def late_word(call: LiveCall) -> None:
    """A piece of what she said before she was answered."""
    assert call.dialogue._turns.waits_since_ms is None
    words = {"delta": "Please. ", "start_ms": 5_000, "end_ms": 5_200}
    call.give({"type": "session.input_transcript.delta", **words})
    assert call.dialogue._turns.waits_since_ms is None


@pytest.mark.M6
@pytest.mark.parametrize("comes_late", [False, True], ids=["in time", "a late word"])
@pytest.mark.parametrize("is_done", [False, True], ids=["being worked on", "done"])
def test_what_comes_of_a_task_is_said_by_a_second_session(is_done, comes_late):
    call = greeted([ANSWER])
    call.say()
    call.give_task("response.created", response={"id": "1"})
    if is_done:
        call.give_task("response.completed", response={"id": "1"})
    if comes_late:
        late_word(call)
    call.replace_server()
    call.pause(4_000)
    assert call.said[-1] == "Sorry, where were we?"


def test_what_was_said_of_a_task_is_not_owed_any_more():
    call = greeted([Call(name="take_message", arguments=NOTE)])
    call.say()
    assert call.said[-1] == "I have noted that."
    before = len(call.comments)
    call.replace_server()
    assert call.comments[before:] == []


def test_who_spoke_before_the_greeting_is_prompted_for_once_by_a_second_session():
    call = LiveCall(manner=LiveManner(latency_ms=1_500))
    call.pause(500)
    word(call)
    call.dialogue.lose()
    assert call.dialogue._turns.waits_since_ms is not None
    call.dialogue.line_stands_still(1_800)  # until there is another session
    before = len(call.comments)
    call.replace_server()
    call.pause(1_000)
    assert ["Greet now" in each for each in call.comments[before:]] == [True]


def test_who_waits_is_prompted_for_once_by_a_second_session():
    call = greeted([], words=["Hello?"], manner=LiveManner(latency_ms=1_500))
    call.speak()
    while call.dialogue._turns.waits_since_ms is None:
        call.pause(20)
    call.pause(1_500)
    before = len(call.comments)
    call.replace_server()
    call.pause(6_000)
    assert ["where the conversation stopped" in each for each in call.comments[before:]] == [True]


def test_what_was_answered_is_not_asked_again():
    call = greeted()
    call.dialogue.caller_silent(1)
    call.pause(6_000)
    before = len(call.comments)
    call.replace_server()
    assert call.comments[before:] == []


def test_words_that_the_server_refused_are_not_told_again():
    call = greeted()
    call.dialogue.key_pressed("5")
    asked = call.dialogue.outbox.frames[-1]
    error = {"code": "too_long", "client_event_id": json.loads(asked)["event_id"]}
    with pytest.raises(SessionLost):
        call.give({"type": "error", "error": error})
    before = len(call.comments)
    call.replace_server()
    assert call.comments[before:]
    assert not any("key 5" in each for each in call.comments[before:])


def test_a_goodbye_that_was_cut_by_a_lost_session_is_said_in_the_next():
    call = greeted()
    call.dialogue.wrap_up()
    call.replace_server()
    call.pause(12_000)
    assert call.said[-1] == prompts.text_of("time_is_up")
    assert call.of(AgentDone) == [AgentDone(outcome=AgentOutcome.TIME_LIMIT)]


def test_seconds_are_those_of_the_server_and_never_summed():
    call = greeted()
    call.pause(20_000)
    assert call.dialogue.meter.seconds == call.server.audio_ms // 10_000 * 10
    first = call.dialogue.meter.seconds
    call.replace_server()
    call.pause(11_000)
    assert call.dialogue.meter.seconds == first + 10


@pytest.mark.parametrize(
    ("reason", "error"),
    [("expired", SessionLost), ("connection_lost", SessionLost), ("content", SessionRefused)],
)
def test_a_session_that_the_server_ends_is_lost(reason, error):
    call = greeted()
    with pytest.raises(error, match=f"session_{reason}"):
        call.give({"type": "session.closed", "reason": reason, "usage": {"seconds": 4}})
    assert call.dialogue.meter.seconds == 4


def test_the_reason_of_a_lost_session_is_plain_and_short():
    call = greeted()
    with pytest.raises(SessionLost) as lost:
        call.give({"type": "session.closed", "reason": "+1 415\n\u2603 " + "x" * 50})
    assert lost.value.code == "session__1_415___" + "x" * 31


@pytest.mark.parametrize("phase", [Phase.GREETING, Phase.LISTENING, Phase.REPLYING])
def test_what_cannot_be_read_ends_nothing(phase):
    call = LiveCall(
        playbook([ANSWER], words=["Hello?"]), fault=Fault(kind=Kind.GARBAGE, phase=phase)
    )
    call.pause(UNTIL_GREETED)
    call.say()
    assert call.said == [GREETING.text, ANSWER.text]
    assert call.unreadable >= 8


# --- The line ---


def test_time_goes_on_for_a_line_that_stands_still():
    call = LiveCall()
    call.stand_still(UNTIL_GREETED)
    assert call.said == [GREETING.text]
    call.say()
    [turn] = call.of(CallerStopped)
    assert turn.start_ms <= 100  # of the line's own audio


def test_silence_that_the_session_is_behind_with_is_left_out():
    call = LiveCall()
    call.dialogue.line_stands_still(400)
    quiet, loud = silence(20), voice(400)[1_600:1_760]
    take = call.dialogue.caller_audio
    assert take(loud, ahead_ms=400)
    assert [take(quiet, ahead_ms=400 - at * 20) for at in range(21)] == [False] * 20 + [True]


def test_a_moment_before_the_line_stood_still_stays_where_it_was():
    clock = LiveClock()
    for _ in range(50):
        clock.takes(silence(20), ahead_ms=0)
    clock.stand_in(300)
    clock.stand_in(200)
    assert clock.now_ms == 1_500
    assert [clock.on_line(at) for at in (400, 1_000, 1_200, 1_500)] == [400, 1_000, 1_000, 1_000]


def test_a_burst_that_had_waited_for_the_session_is_caught_up_with():
    call = LiveCall()
    quiet = silence(20)
    call.dialogue.clock.is_ahead(300)
    assert not call.dialogue.caller_audio(quiet, ahead_ms=300)
    assert call.dialogue.caller_audio(quiet, ahead_ms=0)
