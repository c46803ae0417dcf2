"""Both voices on one clock."""

import pytest

from telephony.mixdown import Mixdown

MS = 8
SILENT = b"\xff"


def test_caller_audio_lies_where_its_timestamp_says():
    mix = Mixdown()
    mix.caller(40, b"c" * 160)
    caller, agent = mix.settle()
    assert caller == SILENT * 320 + b"c" * 160
    assert agent == SILENT * 480


@pytest.mark.parametrize("ms", [10, 20, 384])
def test_the_clock_is_the_end_of_a_frame_of_any_length(ms):
    mix = Mixdown()
    mix.caller(0, b"c" * ms * MS)
    mix.agent(b"a" * 160)
    mix.caller(ms, b"d" * 160)
    caller, agent = mix.settle()
    assert caller == b"c" * ms * MS + b"d" * 160
    assert agent == SILENT * ms * MS + b"a" * 160


def test_agent_audio_is_played_one_after_the_other():
    mix = Mixdown()
    mix.now_ms = 20
    mix.agent(b"a" * 160)
    mix.agent(b"b" * 160)
    mix.now_ms = 80
    assert mix.settle()[1] == SILENT * 160 + b"a" * 160 + b"b" * 160 + SILENT * 160


def test_a_clear_removes_what_was_not_played():
    mix = Mixdown()
    mix.agent(b"a" * 1_600)
    mix.now_ms = 50
    mix.clear()
    mix.now_ms = 60
    mix.agent(b"b" * 160)
    mix.now_ms = 100
    assert mix.settle()[1] == b"a" * 400 + SILENT * 80 + b"b" * 160 + SILENT * 160


@pytest.mark.parametrize("step_ms", [20, 60, 1_000])
def test_pieces_join_to_the_same_whole(step_ms):
    def feed(mix, at_ms):
        mix.caller(at_ms, bytes([at_ms // 20 % 200]) * 160)
        if at_ms % 500 == 0:
            mix.agent(bytes([at_ms // 100]) * 2_400)

    whole, pieces = Mixdown(), Mixdown()
    joined = [b"", b""]
    for at_ms in range(0, 3_000, 20):
        feed(whole, at_ms)
        feed(pieces, at_ms)
        if (at_ms + 20) % step_ms == 0:
            joined = [a + b for a, b in zip(joined, pieces.settle(), strict=True)]
    assert tuple(joined) == whole.settle()
    assert len(joined[0]) == 3_000 * MS


def test_late_caller_audio_does_not_move_what_follows():
    mix = Mixdown()
    mix.now_ms = 40
    mix.settle()
    mix.caller(30, b"l" * 160)
    mix.now_ms = 60
    assert mix.settle()[0] == b"l" * 80 + SILENT * 80
