"""Nobody is left alone in silence: whoever waits for the agent hears something, then a way out."""

import pytest

from agent.session import AgentOutcome, CallerPaused, CallerStopped
from telephony.actions import CloseStream, SendAudio, SendMark, TellSilence
from telephony.patience import (
    FILLER_AFTER_MS,
    GIVE_UP_AFTER_MS,
    UNHEARD_AFTER_MS,
    UNNOTICED_AFTER_MS,
)
from tests.telephony.test_bridge import bridge, end_of, says, started
from tests.telephony.test_goodbye import listening, speak, until

pytestmark = pytest.mark.M6

ONE_MOMENT = SendAudio(b"/one_moment/")
HAND_OVER = CloseStream(AgentOutcome.FAILED)


def stopped(end_ms):
    return CallerStopped(start_ms=end_ms - 500, end_ms=end_ms)


def test_an_agent_that_never_speaks_is_covered_up_and_then_given_up():
    due = until(bridge(), GIVE_UP_AFTER_MS)
    assert due[0] == (FILLER_AFTER_MS, ONE_MOMENT)
    assert due[-1] == (GIVE_UP_AFTER_MS, HAND_OVER)


def test_the_caller_is_asked_for_a_moment_once_per_silence():
    due = until(bridge(), GIVE_UP_AFTER_MS - 100)
    assert due == [(1_500, ONE_MOMENT), (1_500, SendMark("0:1200:aloha/1"))]


def test_an_agent_that_speaks_in_time_is_not_covered_up():
    call = bridge()
    call.agent_event(says(duration_ms=20_000), now_ms=FILLER_AFTER_MS - 100)
    assert until(call, 15_000) == []


def test_an_agent_that_speaks_after_the_filler_goes_on():
    call = bridge()
    until(call, 3_000)
    call.agent_event(says(duration_ms=10_000), now_ms=3_000)
    assert until(call, 10_000, start_ms=3_000) == []


@pytest.mark.parametrize("event", [CallerPaused(at_ms=3_000), stopped(3_000)])
def test_a_caller_who_has_spoken_is_answered_or_handed_over(event):
    call = listening()
    call.agent_event(started(), now_ms=2_000)
    call.agent_event(event, now_ms=3_500)
    due = until(call, 3_500 + GIVE_UP_AFTER_MS, start_ms=3_500)
    assert due[0] == (3_500 + FILLER_AFTER_MS, ONE_MOMENT)
    assert due[-1] == (3_500 + GIVE_UP_AFTER_MS, HAND_OVER)


def test_words_written_down_after_the_answer_ask_for_no_other():
    call = listening()
    call.agent_event(started(), now_ms=2_000)
    call.agent_event(CallerPaused(at_ms=3_000), now_ms=3_500)
    speak(call, "answer", at_ms=4_000)
    call.agent_event(stopped(3_000), now_ms=5_500)
    assert until(call, 10_900, start_ms=5_500) == []


def test_a_caller_who_speaks_on_waits_for_nobody():
    call = listening()
    call.agent_event(stopped(3_000), now_ms=3_500)
    call.agent_event(started(), now_ms=4_000)
    assert until(call, 12_000, start_ms=4_000) == []


def test_a_filler_is_cut_off_like_the_agent_and_nobody_is_told():
    call = bridge()
    until(call, FILLER_AFTER_MS)
    actions = call.agent_event(started(), now_ms=FILLER_AFTER_MS + 300)
    assert [type(action).__name__ for action in actions] == ["SendClear", "WriteLine"]


def test_an_agent_that_sticks_in_mid_sentence_is_given_up_four_seconds_after_its_last_word():
    call = bridge()
    call.agent_event(says(duration_ms=1_000), now_ms=0)
    due = until(call, 1_000 + GIVE_UP_AFTER_MS)
    assert due[0] == (1_000 + FILLER_AFTER_MS, ONE_MOMENT)
    assert due[-1] == (1_000 + GIVE_UP_AFTER_MS, HAND_OVER)


def test_a_sentence_whose_end_is_told_late_leaves_nobody_waiting():
    call = bridge()
    call.agent_event(says(duration_ms=1_000), now_ms=0)
    assert until(call, 1_300) == []
    call.agent_event(end_of(), now_ms=1_350)
    call.mark_returned("0:1000:hello", now_ms=1_400)
    assert until(call, 7_300, start_ms=1_400) == []


def test_the_late_end_of_a_sentence_is_no_answer_to_what_the_caller_said_meanwhile():
    call = bridge()
    call.agent_event(says(duration_ms=1_000), now_ms=0)
    until(call, 1_200)
    call.agent_event(started(), now_ms=1_300)
    call.agent_event(CallerPaused(at_ms=2_000), now_ms=2_000)
    call.agent_event(end_of(), now_ms=2_100)
    due = until(call, 2_000 + FILLER_AFTER_MS, start_ms=2_200)
    assert due[0] == (2_000 + FILLER_AFTER_MS, ONE_MOMENT)


def test_a_caller_whom_the_agent_does_not_notice_is_answered_all_the_same():
    call = listening()
    for now_ms in range(2_000, 4_001, 100):
        call.voice_heard(now_ms=now_ms)
    due = until(call, 4_000 + UNNOTICED_AFTER_MS + GIVE_UP_AFTER_MS, start_ms=4_100)
    assert due[0] == (6_000, TellSilence(1))
    assert due[1] == (7_500, ONE_MOMENT)
    assert due[-1] == (10_000, HAND_OVER)


def test_an_agent_that_misses_the_end_of_the_callers_turn_is_asked_to_speak():
    call = listening()
    call.agent_event(started(), now_ms=2_000)
    call.voice_heard(now_ms=3_000)
    due = until(call, 3_000 + UNNOTICED_AFTER_MS, start_ms=3_100)
    assert due == [(5_000, TellSilence(1))]


def test_a_caller_too_soft_for_the_line_is_left_to_the_agent_for_a_while():
    call = listening()
    call.agent_event(started(), now_ms=2_000)
    due = until(call, 2_000 + UNHEARD_AFTER_MS, start_ms=2_100)
    assert due == [(2_000 + UNHEARD_AFTER_MS, TellSilence(1))]


def test_an_agent_deaf_to_a_caller_who_speaks_hands_over_instead_of_saying_goodbye():
    call = listening()
    now_ms = 2_000
    for count in (1, 2):
        call.voice_heard(now_ms=now_ms)
        assert call.tick(now_ms=now_ms + UNNOTICED_AFTER_MS) == [TellSilence(count)]
        speak(call, f"ask {count}", at_ms=now_ms + 2_100)
        now_ms += 5_000
    call.voice_heard(now_ms=now_ms)
    assert HAND_OVER in call.tick(now_ms=now_ms + UNNOTICED_AFTER_MS)


def test_the_agents_echo_is_not_the_callers_voice():
    call = bridge()
    call.agent_event(says(), now_ms=0)
    call.agent_event(end_of(), now_ms=0)
    call.voice_heard(now_ms=800)
    call.mark_returned("0:1000:hello", now_ms=1_000)
    assert until(call, 6_900, start_ms=1_000) == []
