"""How a call ends: the goodbye in full, and words for silence and for the end of the time."""

from dataclasses import replace

import pytest

from agent.session import AgentDone, AgentFailed, AgentOutcome, CallerStopped
from telephony.actions import (
    CloseStream,
    SendAudio,
    SendClear,
    SendMark,
    TellSilence,
    TellWrapUp,
    WriteLine,
)
from telephony.bridge import GOODBYE_GRACE_MS, LEAVE_WITHIN_MS, LONGEST_GOODBYE_MS
from telephony.patience import ASK_AFTER_MS, GIVE_UP_AFTER_MS
from tests.telephony.test_bridge import agent_line, bridge, end_of, says, started

pytestmark = pytest.mark.M5

FAILED = CloseStream(AgentOutcome.FAILED)
FINISHED = CloseStream(AgentOutcome.FINISHED)
TIME_LIMIT = CloseStream(AgentOutcome.TIME_LIMIT)


def saying_goodbye():
    call = bridge()
    call.agent_event(says(), now_ms=0)
    call.agent_event(end_of(), now_ms=0)
    call.agent_event(AgentDone(), now_ms=10)
    return call


def listening(max_call_ms=600_000, **capabilities):
    """A call whose agent has greeted the caller: it is her turn since 1 s."""
    call = bridge(max_call_ms=max_call_ms, **capabilities)
    speak(call, "greeting", at_ms=0)
    return call


def speak(call, utterance_id, *, at_ms, generation=0):
    """The agent says a second of something that is heard to its end; what follows from that."""
    call.agent_event(says(utterance_id), now_ms=at_ms)
    call.agent_event(end_of(utterance_id), now_ms=at_ms)
    return call.mark_returned(f"{generation}:1000:{utterance_id}", now_ms=at_ms + 1_000)


def until(call, end_ms, *, start_ms=0):
    """Everything that is due on the way, with its time."""
    due = []
    for now_ms in range(start_ms, end_ms + 1, 100):
        due += [(now_ms, action) for action in call.tick(now_ms=now_ms)]
    return due


def test_the_stream_closes_when_the_last_mark_of_the_goodbye_returns():
    call = saying_goodbye()
    assert call.tick(now_ms=999) == []
    assert call.mark_returned("0:1000:hello", now_ms=1_010)[-1] == FINISHED


def test_a_goodbye_that_was_heard_before_the_agent_ends_closes_at_once():
    call = listening()
    assert call.agent_event(AgentDone(), now_ms=1_500) == [FINISHED]


def test_a_goodbye_whose_mark_never_returns_ends_at_its_deadline():
    call = saying_goodbye()
    assert call.tick(now_ms=999 + GOODBYE_GRACE_MS) == []
    assert FINISHED in call.tick(now_ms=1_000 + GOODBYE_GRACE_MS)


def test_audio_that_comes_after_the_leave_was_taken_is_heard_too():
    call = saying_goodbye()
    call.agent_event(says("more"), now_ms=20)
    call.agent_event(end_of("more"), now_ms=20)
    assert FINISHED not in call.mark_returned("0:1000:hello", now_ms=1_010)
    assert FINISHED in call.mark_returned("0:1000:more", now_ms=2_010)


def test_an_agent_that_never_stops_saying_goodbye_is_cut_off():
    call = saying_goodbye()
    for at_ms in range(20, 30_000, 1_000):
        call.agent_event(says(f"more {at_ms}"), now_ms=at_ms)
    assert until(call, LONGEST_GOODBYE_MS - 100) == []
    assert call.tick(now_ms=10 + LONGEST_GOODBYE_MS)[-1] == FINISHED


def test_a_long_goodbye_known_in_advance_is_heard_to_its_end():
    call = bridge()
    call.agent_event(says(duration_ms=40_000), now_ms=0)
    call.agent_event(end_of(), now_ms=0)
    call.agent_event(AgentDone(), now_ms=0)
    assert until(call, 40_000) == []


def test_the_caller_cannot_talk_the_goodbye_into_silence():
    assert saying_goodbye().agent_event(started(), now_ms=120) == []


def test_an_agent_that_fails_in_its_goodbye_is_heard_to_the_end():
    call = saying_goodbye()
    assert call.agent_event(AgentFailed(code="gone"), now_ms=500) == []
    assert call.mark_returned("0:1000:hello", now_ms=1_010)[-1] == FINISHED


def test_a_goodbye_on_a_line_that_stood_still_is_heard_to_the_end():
    call = bridge()
    for second in range(5):
        call.agent_event(says(), now_ms=second)
    call.agent_event(end_of(), now_ms=5)
    call.agent_event(AgentDone(), now_ms=10)
    call.mark_returned("0:1000:hello", now_ms=1_000)
    call.mark_returned("0:2000:hello", now_ms=5_000)  # three seconds late
    assert until(call, 7_900, start_ms=5_000) == []
    assert call.mark_returned("0:5000:hello", now_ms=8_000)[-1] == FINISHED


def test_an_agent_that_fails_when_the_time_is_up_is_spoken_for():
    call = listening(max_call_ms=5_000)
    call.tick(now_ms=5_000)
    assert SendAudio(b"/time_is_up/") in call.agent_event(AgentFailed(code="gone"), now_ms=5_500)
    assert call.mark_returned("0:1200:aloha/1", now_ms=6_800)[-1] == TIME_LIMIT


def test_an_agent_that_fails_when_nobody_answers_it_is_spoken_for():
    call = listening()
    for at_ms in (7_000, 14_100):
        call.tick(now_ms=at_ms)
        speak(call, f"ask at {at_ms}", at_ms=at_ms + 100)
    assert call.tick(now_ms=21_200) == [TellSilence(3)]
    assert SendAudio(b"/no_message/") in call.agent_event(AgentFailed(code="gone"), now_ms=21_500)
    assert call.mark_returned("0:1200:aloha/1", now_ms=22_800)[-1] == FINISHED


def test_a_silent_caller_is_asked_twice_and_then_told_goodbye():
    call = listening()
    assert until(call, 1_000 + ASK_AFTER_MS) == [(7_000, TellSilence(1))]
    speak(call, "ask 1", at_ms=7_100)
    assert until(call, 8_100 + ASK_AFTER_MS, start_ms=7_200) == [(14_100, TellSilence(2))]
    speak(call, "ask 2", at_ms=14_200)
    assert until(call, 15_200 + ASK_AFTER_MS, start_ms=14_300) == [(21_200, TellSilence(3))]
    speak(call, "bye", at_ms=21_300)
    assert call.agent_event(AgentDone(), now_ms=22_300) == [FINISHED]


def test_a_caller_who_answers_is_asked_twice_again_the_next_time():
    call = listening()
    call.tick(now_ms=7_000)
    speak(call, "ask", at_ms=7_100)
    call.agent_event(started(), now_ms=9_000)
    call.agent_event(CallerStopped(start_ms=9_000, end_ms=10_000), now_ms=10_500)
    speak(call, "answer", at_ms=11_000)
    assert until(call, 12_000 + ASK_AFTER_MS, start_ms=11_100) == [(18_000, TellSilence(1))]


def test_a_key_counts_as_a_sign_of_life():
    call = listening()
    call.key_pressed("1", now_ms=6_900)
    assert until(call, 12_800, start_ms=6_900) == []


def test_an_agent_that_watches_silence_is_not_told_of_it():
    assert until(listening(watches_silence=True), 60_000) == []


def test_a_caller_who_speaks_is_not_asked_whether_she_is_there():
    call = listening()
    call.agent_event(started(), now_ms=2_000)
    assert until(call, 20_000, start_ms=2_000) == []


def test_an_agent_that_does_not_say_goodbye_to_a_silent_caller_leaves_it_to_us():
    call = listening()
    call.tick(now_ms=7_000)
    speak(call, "ask 1", at_ms=7_100)
    call.tick(now_ms=14_100)
    speak(call, "ask 2", at_ms=14_200)
    due = until(call, 21_200 + GIVE_UP_AFTER_MS, start_ms=21_200)
    assert (21_200, TellSilence(3)) in due
    assert [action.audio for _, action in due if isinstance(action, SendAudio)] == [
        b"/one_moment/",
        b"/no_message/",
    ]
    assert call.mark_returned("1:1200:aloha/2", now_ms=26_500)[-1] == FINISHED


def test_a_caller_who_begins_to_speak_is_not_told_goodbye_for_her_silence():
    call = listening()
    call.tick(now_ms=7_000)
    speak(call, "ask 1", at_ms=7_100)
    call.tick(now_ms=14_100)
    speak(call, "ask 2", at_ms=14_200)
    until(call, 21_300, start_ms=21_200)
    call.agent_event(started(), now_ms=21_400)
    for now_ms in range(21_500, 60_000, 1_000):
        call.voice_heard(now_ms=now_ms)
        assert until(call, now_ms + 900, start_ms=now_ms) == []


def told_goodbye_for_silence():
    """The agent was told for the third time that nobody speaks, at 21.2 s."""
    call = listening()
    for at_ms in (7_000, 14_100):
        call.tick(now_ms=at_ms)
        speak(call, f"ask at {at_ms}", at_ms=at_ms + 100)
    assert call.tick(now_ms=21_200) == [TellSilence(3)]
    return call


def speaks_to_the_line(call):
    call.voice_heard(now_ms=21_500)


def presses_a_key(call):
    call.key_pressed("1", now_ms=21_500)


@pytest.mark.parametrize("sign_of_life", [speaks_to_the_line, presses_a_key])
def test_a_caller_whom_a_dead_agent_does_not_notice_is_not_told_goodbye(sign_of_life):
    call = told_goodbye_for_silence()
    sign_of_life(call)
    assert call.agent_event(AgentFailed(code="gone"), now_ms=22_000) == [FAILED]


@pytest.mark.parametrize("sign_of_life", [speaks_to_the_line, presses_a_key])
def test_a_caller_whom_a_deaf_agent_does_not_notice_is_not_told_goodbye(sign_of_life):
    call = told_goodbye_for_silence()
    sign_of_life(call)
    due = until(call, 21_200 + GIVE_UP_AFTER_MS, start_ms=21_600)
    assert due[-1] == (21_200 + GIVE_UP_AFTER_MS, FAILED)


@pytest.mark.parametrize("sign_of_life", [speaks_to_the_line, presses_a_key])
def test_an_agent_that_answers_a_late_sign_of_life_is_not_cut_off(sign_of_life):
    call = told_goodbye_for_silence()
    sign_of_life(call)
    call.agent_event(says("answer", 20_000), now_ms=22_000)
    assert until(call, 41_900, start_ms=22_000) == []


@pytest.mark.parametrize("sign_of_life", [speaks_to_the_line, presses_a_key])
def test_a_sign_of_life_gives_nobody_more_time(sign_of_life):
    call = listening(max_call_ms=20_000)
    call.agent_event(started(), now_ms=2_000)
    assert call.tick(now_ms=20_000) == [TellWrapUp()]
    sign_of_life(call)
    assert SendAudio(b"/time_is_up/") in call.agent_event(AgentFailed(code="gone"), now_ms=22_000)


def test_a_call_beyond_its_time_is_wrapped_up_in_the_agents_words():
    call = listening(max_call_ms=5_000)
    assert call.tick(now_ms=5_000) == [TellWrapUp()]
    speak(call, "bye", at_ms=5_500)
    assert call.agent_event(AgentDone(outcome=AgentOutcome.TIME_LIMIT), now_ms=6_600) == [
        TIME_LIMIT
    ]


def test_an_agent_that_never_stops_talking_is_cut_off_in_our_words():
    call = bridge(max_call_ms=10_000)
    call.agent_event(says(duration_ms=60_000), now_ms=0)
    assert call.tick(now_ms=10_000) == [TellWrapUp()]
    actions = call.tick(now_ms=10_000 + LEAVE_WITHIN_MS)
    assert actions[0] == SendClear()
    assert actions[2:] == [
        SendAudio(b"/time_is_up/"),
        SendMark("1:1200:aloha/1"),
    ]
    assert call.agent_event(says("more"), now_ms=25_100) == []
    closing = call.mark_returned("1:1200:aloha/1", now_ms=26_300)
    assert closing[-1] == TIME_LIMIT
    assert replace(agent_line(25_000, 26_200, "time_is_up."), in_agents_place=True) in closing


def test_our_last_words_stand_in_the_transcript_as_well():
    call = bridge(max_call_ms=1_000)
    call.agent_event(says(duration_ms=60_000), now_ms=0)
    call.tick(now_ms=1_000)
    call.tick(now_ms=1_000 + LEAVE_WITHIN_MS)
    closing = call.mark_returned("1:1200:aloha/1", now_ms=17_300)
    lines = [action.text for action in closing if isinstance(action, WriteLine)]
    assert lines == ["time_is_up."]
