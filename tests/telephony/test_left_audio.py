"""Audio that a dead process left in the spool of a call that no message waits for."""

import os
import time
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from telephony import audio_spool
from telephony.audio_spool import spool_path
from telephony.left_audio import store_left_audio
from telephony.models import Recording
from telephony.recorder import RETRY_SECONDS, CallRecorder
from tests.factories import make_call, make_number
from voicemail import processing
from voicemail.models import Message, Stage

pytestmark = pytest.mark.A5


def leave(call_id: uuid.UUID) -> None:
    spool_path(call_id).parent.mkdir(parents=True, exist_ok=True)
    spool_path(call_id).write_bytes(b"\xff" * 320)


@pytest.fixture(autouse=True)
def own_spool(settings, tmp_path):
    settings.VAR_DIR = tmp_path


@pytest.fixture
def call(owner):
    call = make_call(make_number(owner), direction="outbound", status="completed")
    leave(call.id)
    return call


def test_audio_of_a_call_we_made_is_stored(call):
    assert store_left_audio(rests_seconds=-1) == {call.id}
    assert Recording.objects.get(call=call).duration_ms == 20
    assert not audio_spool.holds(call.id)


def test_a_file_that_grew_just_now_is_left_alone(call):
    assert store_left_audio() == set()
    assert spool_path(call.id).exists()


def test_audio_of_a_call_that_runs_is_left_alone(call):
    type(call).objects.update(status="in-progress")
    assert store_left_audio(rests_seconds=-1) == set()
    assert spool_path(call.id).exists()


@pytest.mark.V6
@pytest.mark.parametrize(("days", "is_gone"), [(29, False), (31, True)])
def test_audio_without_a_call_goes_after_a_month(db, days, is_gone):
    leave(nobodys := uuid.uuid4())
    long_ago = time.time() - days * 86_400
    os.utime(spool_path(nobodys), (long_ago, long_ago))
    assert store_left_audio() == set()
    assert spool_path(nobodys).exists() is not is_gone


@pytest.mark.check
def test_audio_that_finds_no_room_at_the_end_of_a_call_is_written_once_there_is_some(tmp_path):
    in_the_way = tmp_path / "spool"
    in_the_way.write_text("a disk that takes nothing")
    recorders = [CallRecorder(uuid.uuid4()) for _ in range(3)]
    for recorder in recorders:
        recorder.caller(0, b"\x20" * 160)
        with pytest.raises(NotADirectoryError):
            recorder.finish().result()
    in_the_way.unlink()
    files = tmp_path / "spool"
    deadline = time.monotonic() + 3 * RETRY_SECONDS
    while not files.is_dir() or len(list(files.iterdir())) < len(recorders):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert {file.stat().st_size for file in files.iterdir()} == {320}


@pytest.mark.V4
def test_a_message_whose_audio_was_written_late_is_made_anew(owner):
    call = make_call(
        make_number(owner),
        status="completed",
        stream_state="closed",
        ended_at=timezone.now() - timedelta(minutes=5),
    )
    processing.work_once(all_time=False)
    processing.work_once(all_time=False)
    Message.objects.update(read_at=timezone.now())
    assert Message.objects.get().stage == Stage.NOTIFIED
    leave(call.id)
    os.utime(spool_path(call.id), (0, 0))
    processing.work_once(all_time=True)
    message = Message.objects.get()
    assert (message.stage, message.read_at) == (Stage.NOTIFIED, None)
    assert Recording.objects.get(call=call).duration_ms == 20
