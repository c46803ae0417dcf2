"""A microphone's voice on the line: evened out, never old; and somebody who listens along."""

from telephony.simulator.callers import Listener, WavCaller
from telephony.simulator.live_callers import MAX_WAITING_MS, MicrophoneCaller, OverheardCaller
from telephony.simulator.loudness import SILENCE

FRAME = b"\x10" * 160


def said_by(caller: MicrophoneCaller, frames: int) -> list[bytes]:
    return [caller.exchange(SILENCE, listener=Listener.AGENT) for _ in range(frames)]


def test_a_voice_goes_out_once_60_ms_of_it_have_come():
    caller = MicrophoneCaller()
    caller.speak(FRAME * 2)
    assert said_by(caller, 1) == [SILENCE]
    caller.speak(FRAME)
    assert said_by(caller, 4) == [FRAME, FRAME, FRAME, SILENCE]


def test_pieces_of_any_length_become_frames():
    caller = MicrophoneCaller()
    for start in range(0, 640, 128):
        caller.speak((FRAME * 4)[start : start + 128])
    assert said_by(caller, 4) == [FRAME] * 4


def test_of_a_browser_that_was_stuck_only_the_latest_is_heard():
    caller = MicrophoneCaller()
    caller.speak(b"\x20" * 160 * (MAX_WAITING_MS // 20) + FRAME * 3)
    assert said_by(caller, 4) == [FRAME, FRAME, FRAME, SILENCE]


def test_whoever_listens_hears_both_sides_and_can_end_the_call():
    heard: list[tuple[bytes, bytes]] = []
    caller = OverheardCaller(
        WavCaller([FRAME], speak_at_ms=0), hear=lambda far, near: heard.append((far, near))
    )
    caller.exchange(b"\x30" * 160, listener=Listener.NOBODY)
    assert heard == [(b"\x30" * 160, FRAME)]
    assert not caller.hangs_up
    caller.leave()
    assert caller.hangs_up
