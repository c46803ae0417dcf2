"""The playback buffer, tick by tick."""

from telephony.simulator.loudness import SILENCE
from telephony.simulator.playback import PlaybackBuffer

A, B = b"\x01" * 160, b"\x02" * 160


def test_silence_when_nothing_was_sent():
    assert PlaybackBuffer().tick() == (SILENCE, [])


def test_audio_of_any_length_is_cut_into_frames_in_order():
    buffer = PlaybackBuffer()
    buffer.enqueue(A[:100])
    buffer.enqueue(A[:60] + B + b"\x03")
    frames = [buffer.tick()[0] for _ in range(4)]
    assert frames == [A, B, b"\x03" + SILENCE[1:], SILENCE]


def test_a_mark_comes_at_once_when_nothing_waits():
    assert PlaybackBuffer().mark("now") == ["now"]


def test_a_mark_comes_when_the_audio_before_it_has_been_played():
    buffer = PlaybackBuffer()
    buffer.enqueue(A + B)
    assert buffer.mark("end") == []
    assert [buffer.tick()[1] for _ in range(4)] == [[], [], ["end"], []]


def test_marks_keep_their_order_and_places():
    buffer = PlaybackBuffer()
    buffer.enqueue(A)
    buffer.mark("a")
    buffer.enqueue(B)
    buffer.mark("b")
    buffer.mark("b again")
    assert [buffer.tick()[1] for _ in range(3)] == [[], ["a"], ["b", "b again"]]


def test_a_mark_behind_a_waiting_mark_does_not_overtake_it():
    buffer = PlaybackBuffer()
    buffer.enqueue(A)
    buffer.mark("first")
    buffer.tick()
    assert buffer.mark("second") == []
    assert buffer.tick()[1] == ["first", "second"]


def test_clear_returns_all_marks_and_drops_the_audio():
    buffer = PlaybackBuffer()
    buffer.enqueue(A + B)
    buffer.mark("one")
    buffer.mark("two")
    assert buffer.clear() == ["one", "two"]
    assert buffer.tick() == (SILENCE, [])
    assert buffer.is_empty


def test_marks_after_a_clear_count_from_there():
    buffer = PlaybackBuffer()
    buffer.enqueue(A * 100)
    buffer.clear()
    buffer.enqueue(B)
    buffer.mark("after")
    assert [buffer.tick() for _ in range(2)] == [(B, []), (SILENCE, ["after"])]
