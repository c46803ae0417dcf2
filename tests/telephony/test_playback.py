"""The ledger of what the caller has heard."""

from telephony.playback import PlaybackLedger, Played


def test_a_mark_is_due_after_200_ms_of_audio():
    ledger = PlaybackLedger()
    assert ledger.sent("a", 120, now_ms=0) is None
    assert ledger.sent("a", 80, now_ms=0) == "0:200:a"
    assert ledger.sent("a", 100, now_ms=0) is None


def test_an_utterance_is_heard_when_its_last_mark_returns():
    ledger = PlaybackLedger()
    first = ledger.sent("a", 300, now_ms=1_000)
    last = ledger.sent("a", 200, now_ms=1_000)
    ledger.completed("a")
    assert ledger.mark_returned(first) is None
    assert ledger.mark_returned(last) == Played("a", 1_000, 500)
    assert ledger.is_empty


def test_marks_before_the_last_word_do_not_end_an_utterance():
    ledger = PlaybackLedger()
    mark = ledger.sent("a", 300, now_ms=0)
    assert ledger.mark_returned(mark) is None
    assert not ledger.is_empty


def test_a_cut_utterance_was_heard_for_the_time_it_played():
    ledger = PlaybackLedger()
    ledger.sent("a", 3_000, now_ms=500)
    assert ledger.cut(now_ms=1_700) == [Played("a", 500, 1_200)]


def test_a_cut_utterance_was_never_heard_longer_than_it_is():
    ledger = PlaybackLedger()
    ledger.sent("a", 300, now_ms=0)
    assert ledger.cut(now_ms=60_000) == [Played("a", 0, 300)]


def test_an_utterance_still_waiting_behind_another_was_not_heard():
    ledger = PlaybackLedger()
    ledger.sent("a", 2_000, now_ms=0)
    ledger.sent("b", 2_000, now_ms=0)
    assert ledger.cut(now_ms=1_000)[1] == Played("b", 2_000, 0)


def test_marks_returned_by_a_clear_prove_nothing():
    ledger = PlaybackLedger()
    mark = ledger.sent("a", 300, now_ms=0)
    ledger.cut(now_ms=100)
    ledger.sent("a", 300, now_ms=200)
    assert ledger.mark_returned(mark) is None


def test_marks_we_never_sent_are_ignored():
    ledger = PlaybackLedger()
    ledger.sent("a", 300, now_ms=0)
    for name in ("", "x", "0:", "0:x:a", "0:300:b", "0:-1:a", "9:300:a"):
        assert ledger.mark_returned(name) is None
