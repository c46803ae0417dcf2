"""The ledger of what the caller has heard."""

import pytest

from telephony.playback import LOST_MARK_MS, MARK_EVERY_MS, PlaybackLedger, Played

pytestmark = pytest.mark.M4


def send(ledger, utterance_id, duration_ms, *, now_ms=0):
    return ledger.sent(utterance_id, duration_ms, now_ms=now_ms, mark_every_ms=MARK_EVERY_MS)


def returned(ledger, mark, *, now_ms=0):
    return ledger.mark_returned(mark, now_ms=now_ms)


def test_a_mark_is_due_after_200_ms_of_audio():
    ledger = PlaybackLedger()
    assert send(ledger, "a", 120) is None
    assert send(ledger, "a", 80) == "0:200:a"
    assert send(ledger, "a", 100) is None


def test_an_utterance_is_heard_when_its_last_mark_returns():
    ledger = PlaybackLedger()
    first = send(ledger, "a", 300, now_ms=1_000)
    last = send(ledger, "a", 200, now_ms=1_000)
    ledger.completed("a")
    assert returned(ledger, first) is None
    assert returned(ledger, last) == Played("a", 1_000, 500, 500)
    assert ledger.is_empty


def test_marks_before_the_last_word_do_not_end_an_utterance():
    ledger = PlaybackLedger()
    mark = send(ledger, "a", 300)
    assert returned(ledger, mark) is None
    assert not ledger.is_empty


def test_a_cut_utterance_was_heard_for_the_time_it_played():
    ledger = PlaybackLedger()
    send(ledger, "a", 3_000, now_ms=500)
    assert ledger.cut(now_ms=1_700) == [Played("a", 500, 1_200, 3_000)]


def test_a_cut_utterance_was_never_heard_longer_than_it_is():
    ledger = PlaybackLedger()
    send(ledger, "a", 300)
    assert ledger.cut(now_ms=60_000) == [Played("a", 0, 300, 300)]


def test_an_utterance_still_waiting_behind_another_was_not_heard():
    ledger = PlaybackLedger()
    send(ledger, "a", 2_000)
    send(ledger, "b", 2_000)
    assert ledger.cut(now_ms=1_000)[1] == Played("b", 2_000, 0, 2_000)


def test_marks_returned_by_a_clear_prove_nothing():
    ledger = PlaybackLedger()
    mark = send(ledger, "a", 300)
    ledger.cut(now_ms=100)
    send(ledger, "a", 300, now_ms=200)
    assert returned(ledger, mark) is None


def test_marks_we_never_sent_are_ignored():
    ledger = PlaybackLedger()
    send(ledger, "a", 300)
    for name in ("", "x", "0:", "0:x:a", "0:300:b", "0:-1:a", "9:300:a"):
        assert returned(ledger, name) is None


def test_a_pause_in_the_middle_of_an_utterance_was_not_heard_as_speech():
    ledger = PlaybackLedger()
    send(ledger, "a", 500)
    send(ledger, "a", 1_000, now_ms=2_000)
    assert ledger.cut(now_ms=2_200) == [Played("a", 0, 700, 1_500)]


def test_a_returned_mark_proves_what_the_clock_would_not_believe():
    ledger = PlaybackLedger()
    mark = send(ledger, "a", 400)
    send(ledger, "a", 400)
    returned(ledger, mark, now_ms=100)
    assert ledger.cut(now_ms=100) == [Played("a", 0, 400, 800)]


def test_a_line_that_stood_still_played_nothing_meanwhile():
    ledger = PlaybackLedger()
    marks = [send(ledger, "a", 200) for _ in range(10)]
    returned(ledger, marks[0], now_ms=260)
    returned(ledger, marks[1], now_ms=1_460)  # a second late
    assert ledger.cut(now_ms=1_500) == [Played("a", 0, 500, 2_000)]


def test_an_uneven_network_moves_nothing():
    ledger = PlaybackLedger()
    marks = [send(ledger, "a", 200) for _ in range(10)]
    returned(ledger, marks[0], now_ms=240)
    returned(ledger, marks[1], now_ms=600)
    assert ledger.cut(now_ms=1_000) == [Played("a", 0, 1_000, 2_000)]


def test_a_mark_says_that_everything_before_it_was_heard():
    ledger = PlaybackLedger()
    send(ledger, "a", 100)
    mark = send(ledger, "b", 300)
    returned(ledger, mark, now_ms=50)
    assert [played.heard_ms for played in ledger.cut(now_ms=50)] == [100, 300]


def test_an_utterance_whose_last_mark_is_lost_counts_as_heard_a_while_later():
    ledger = PlaybackLedger()
    send(ledger, "a", 500)
    ledger.completed("a")
    assert ledger.overdue(now_ms=500 + LOST_MARK_MS - 1) == []
    assert ledger.overdue(now_ms=500 + LOST_MARK_MS) == [Played("a", 0, 500, 500)]
    assert ledger.is_empty


def test_an_agent_that_stops_in_mid_sentence_runs_the_line_dry():
    ledger = PlaybackLedger()
    send(ledger, "a", 500)
    assert not ledger.has_run_dry(now_ms=500)
    assert ledger.has_run_dry(now_ms=501)
    ledger.completed("a")
    assert not ledger.has_run_dry(now_ms=9_000)


def test_the_end_of_an_utterance_needs_no_second_mark():
    ledger = PlaybackLedger()
    mark = send(ledger, "a", 200)
    assert ledger.completed("a") is None
    assert returned(ledger, mark) == Played("a", 0, 200, 200)


def test_an_utterance_whose_marks_are_all_back_needs_one_more_at_its_end():
    ledger = PlaybackLedger()
    returned(ledger, send(ledger, "a", 200))
    assert ledger.completed("a") == "0:200:a"


def test_paced_audio_is_marked_at_its_end_alone():
    ledger = PlaybackLedger()
    assert ledger.sent("a", 1_000, now_ms=0, mark_every_ms=None) is None
    assert ledger.completed("a") == "0:1000:a"
