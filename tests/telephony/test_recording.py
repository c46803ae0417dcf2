"""Recordings on disk."""

import asyncio
import hashlib
import tracemalloc
import uuid

import pytest

from agent.speech.mulaw import SILENCE
from telephony.audio_spool import spool_path
from telephony.media_stream import MAX_AUDIO_BYTES
from telephony.models import Recording
from telephony.recorder import PIECE_MS, TOGETHER_SECONDS, CallRecorder, all_written
from telephony.recording import peaks_of, store_recording, store_spooled
from tests.factories import make_call, make_number


def frame(byte: int, *, ms: int = 20) -> bytes:
    return bytes([byte]) * (8 * ms)


@pytest.fixture
def call(owner):
    return make_call(make_number(owner))


def channels(recording: Recording) -> tuple[bytes, bytes]:
    with recording.file.open() as file:
        stereo = file.read()[-recording.duration_ms * 16 :]
    return stereo[0::2], stereo[1::2]


def test_both_sides_are_kept_in_time(call):
    recorder = CallRecorder(call.id)
    recorder.caller(0, frame(0x10))
    recorder.agent(frame(0x20, ms=40))
    recorder.caller(20, frame(0x11))
    recorder.caller(40, frame(0x12))
    recorder.caller(60, frame(0x13))
    recorder.flush().result()
    assert store_spooled(call.id)
    caller, agent = channels(call.recording)
    assert caller == bytes(160 * [0x10] + 160 * [0x11] + 160 * [0x12] + 160 * [0x13])
    assert agent == bytes(160 * [SILENCE] + 320 * [0x20] + 160 * [SILENCE])


async def test_audio_reaches_the_disk_while_the_call_runs():
    recorder = CallRecorder(call_id := uuid.uuid4())
    for at_ms in range(0, PIECE_MS, 20):
        recorder.keep_up()
        recorder.caller(at_ms, frame(0x10))
    await asyncio.wrap_future(all_written())
    assert not spool_path(call_id).exists()
    recorder.keep_up()
    async with asyncio.timeout(5):
        while not spool_path(call_id).exists():  # noqa: ASYNC110  # another thread writes it
            await asyncio.sleep(TOGETHER_SECONDS)
    assert spool_path(call_id).stat().st_size == PIECE_MS * 16


async def test_audio_that_cannot_be_written_holds_up_that_of_no_other_call(caplog):
    stuck, other = uuid.uuid4(), uuid.uuid4()
    spool_path(stuck).mkdir(parents=True)
    for call_id in (stuck, other):
        recorder = CallRecorder(call_id)
        recorder.caller(PIECE_MS, frame(0x10))
        recorder.keep_up()
    await asyncio.wrap_future(all_written())
    assert spool_path(other).is_file()
    assert "audio could not be written" in caplog.text


def test_what_did_not_come_is_left_silent(call):
    recorder = CallRecorder(call.id)
    recorder.caller(20, frame(0x10))
    recorder.flush().result()
    assert store_spooled(call.id)
    caller, _ = channels(call.recording)
    assert caller == bytes(160 * [SILENCE] + 160 * [0x10])


def test_storing_twice_keeps_one_recording(call):
    first = store_recording(call=call, caller=b"\x10" * 800, agent=b"\xff" * 800)
    second = store_recording(call=call, caller=b"\x10" * 800, agent=b"\xff" * 800)
    assert first == second


def test_a_recording_knows_its_own_file(call):
    recording = store_recording(call=call, caller=b"\x10" * 800, agent=b"\xff" * 800)
    with recording.file.open() as file:
        content = file.read()
    assert recording.sha256 == hashlib.sha256(content).hexdigest()
    assert (recording.duration_ms, recording.channels) == (100, 2)
    assert str(call.id) not in recording.file.name


def test_a_call_without_audio_has_no_recording(call):
    CallRecorder(call.id).flush().result()
    assert not store_spooled(call.id)
    assert not Recording.objects.exists()


def test_peaks_show_loud_and_silent_parts():
    loud, silent = bytes([0x00]) * 8_000, bytes([SILENCE]) * 8_000
    peaks = peaks_of(loud + silent)
    assert len(peaks) == 120
    assert (peaks[0], peaks[-1]) == (100, 0)


def test_peaks_of_nothing_are_none():
    assert peaks_of(b"") == []


def test_audio_that_comes_after_the_worker_took_the_spool_is_added(call):
    recorder = CallRecorder(call.id)
    recorder.caller(0, frame(0x10))
    recorder.flush().result()
    store_spooled(call.id)
    recorder.caller(20, frame(0x11))
    recorder.flush().result()
    store_spooled(call.id)
    assert channels(call.recording)[0] == bytes(160 * [0x10] + 160 * [0x11])


def test_a_spool_stored_before_a_crash_is_not_stored_again(call):
    recorder = CallRecorder(call.id)
    recorder.caller(0, frame(0x10))
    recorder.flush().result()
    spooled = spool_path(call.id).read_bytes()
    store_spooled(call.id)
    spool_path(call.id).write_bytes(spooled)
    store_spooled(call.id)
    assert call.recording.duration_ms == 20


def test_a_spool_file_is_private(call):
    recorder = CallRecorder(call.id)
    recorder.caller(0, frame(0x10))
    recorder.flush().result()
    assert spool_path(call.id).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("is_kept_up", [True, False])
async def test_frames_without_progress_do_not_pile_up(is_kept_up):
    """The longest that a carrier may send, all of the same moment."""
    longest = bytes([0x10]) * MAX_AUDIO_BYTES
    recorder = CallRecorder(call_id := uuid.uuid4())
    recorder.caller(PIECE_MS, longest)
    tracemalloc.start()
    try:
        for _ in range(10_000):
            recorder.caller(PIECE_MS, longest)
            if is_kept_up:
                recorder.keep_up()
        await asyncio.wrap_future(all_written())
        grown_bytes, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown_bytes < 100_000
    await asyncio.wrap_future(recorder.flush())
    assert spool_path(call_id).stat().st_size == (PIECE_MS + len(longest) // 8) * 16


def test_a_part_that_is_added_replaces_the_file(call):
    first = store_recording(call=call, caller=b"\x10" * 800, agent=b"\xff" * 800)
    second = store_recording(call=call, caller=b"\x11" * 800, agent=b"\xff" * 800)
    assert second.duration_ms == 200
    assert not first.file.storage.exists(first.file.name)
    assert second.file.storage.exists(second.file.name)
