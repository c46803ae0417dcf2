"""Both voices on one clock."""

import pytest

from telephony.mixdown import Mixdown

MS = 8
SILENT = b"\xff"


def test_caller_audio_lies_where_its_timestamp_says():
    mix = Mixdown()
    mix.caller(40, b"c" * 160)
    caller, agent = mix.settle(60)
    assert caller == SILENT * 320 + b"c" * 160
    assert agent == SILENT * 480


def test_agent_audio_is_played_one_after_the_other():
    mix = Mixdown()
    mix.agent(20, b"a" * 160)
    mix.agent(20, b"b" * 160)
    assert mix.settle(80)[1] == SILENT * 160 + b"a" * 160 + b"b" * 160 + SILENT * 160


def test_a_clear_removes_what_was_not_played():
    mix = Mixdown()
    mix.agent(0, b"a" * 1_600)
    mix.clear(50)
    mix.agent(60, b"b" * 160)
    played = mix.settle(100)[1]
    assert played == b"a" * 400 + SILENT * 80 + b"b" * 160 + SILENT * 160


@pytest.mark.parametrize("step_ms", [20, 60, 1_000])
def test_pieces_join_to_the_same_whole(step_ms):
    def feed(mix, at_ms):
        mix.caller(at_ms, bytes([at_ms // 20 % 200]) * 160)
        if at_ms % 500 == 0:
            mix.agent(at_ms, bytes([at_ms // 100]) * 2_400)

    whole, pieces = Mixdown(), Mixdown()
    joined = [b"", b""]
    for at_ms in range(0, 3_000, 20):
        feed(whole, at_ms)
        feed(pieces, at_ms)
        if (at_ms + 20) % step_ms == 0:
            joined = [a + b for a, b in zip(joined, pieces.settle(at_ms + 20), strict=True)]
    assert tuple(joined) == whole.settle(3_000)


def test_late_caller_audio_does_not_move_what_follows():
    mix = Mixdown()
    mix.settle(40)
    mix.caller(30, b"l" * 160)
    assert mix.settle(60)[0] == b"l" * 80 + SILENT * 80
