"""More of a call comes when its message is prepared: stored and made anew, both or neither."""

import os
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone

from telephony import audio_spool, kept_endings, left_audio, recording
from telephony.audio_spool import spool_path
from telephony.kept_endings import KeptEnding
from telephony.models import Call, CarrierRecording, Recording, TranscriptLine
from telephony.recording import store_recording
from tests.factories import make_number
from tests.voicemail.messages import ended_call
from tests.voicemail.test_processing import announce_recording
from voicemail import erasing, processing
from voicemail.models import Erasure, Message, Stage
from voicemail.reopening import fetch_put_off, reopen, write_down_endings

pytestmark = pytest.mark.V4


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "recordings"
    settings.SPOOL_DIR = tmp_path / "kept"


@pytest.fixture
def number(owner):
    return make_number(owner)


def look_back() -> None:
    """What a worker does now and then, for messages from any time."""
    fetch_put_off()
    processing.work_once(all_time=True)


class Killed(BaseException):
    """A process that ends in the middle."""


def end_here(call_id: uuid.UUID) -> None:
    reopen(call_id)
    raise Killed


def told_call(number, **fields) -> Call:
    """A call whose owner has read of it already."""
    call = ended_call(number, 300, stream_state="closed", **fields)
    Message.objects.create(call=call, stage=Stage.NOTIFIED, read_at=timezone.now())
    return call


def put_off(call: Call, *, minutes: int) -> CarrierRecording:
    """A message after the tone that is due to be asked for again since so many minutes."""
    waiting = announce_recording(call, b"\x10" * 16_000)
    waiting.fetch_again_at = timezone.now() - timedelta(minutes=minutes)
    waiting.save()
    return waiting


def take_away_audio(call: Call) -> Path:
    """What was stored of a call before is where nobody finds it."""
    store_recording(call=call, caller=b"\x20" * 800, agent=b"\x30" * 800)
    file = Path(Recording.objects.get(call=call).file.path)
    return file.rename(file.with_suffix(".away"))


def left_audio_of(call: Call) -> Path:
    spool = spool_path(call.id)
    spool.parent.mkdir(parents=True, exist_ok=True)
    spool.write_bytes(b"\x20\x30" * 8_000)
    os.utime(spool, (0, 0))
    return spool


def announce_message(call: Call) -> None:
    announce_recording(call, b"\x10" * 16_000)


def is_made_anew(call: Call) -> bool:
    message = Message.objects.get(call=call)
    return message.read_at is None and bool(message.summary)


def test_a_worker_that_dies_over_a_late_message_leaves_it_to_the_next(number):
    waiting = put_off(told_call(number), minutes=1)
    with pytest.raises(Killed):
        recording.fetch_put_off(also=end_here)
    waiting.refresh_from_db()
    assert waiting.fetched_at is None
    assert not Recording.objects.exists()
    CarrierRecording.objects.update(fetch_again_at=timezone.now())
    look_back()
    assert is_made_anew(waiting.call)


def test_a_worker_that_dies_over_left_audio_leaves_it_to_the_next(number):
    left_audio_of(call := told_call(number))
    with pytest.raises(Killed):
        left_audio.store_left_audio(also=end_here)
    assert audio_spool.holds(call.id)
    assert not Recording.objects.exists()
    look_back()
    assert is_made_anew(call)
    assert not audio_spool.holds(call.id)


def test_a_late_message_that_cannot_be_stored_holds_up_no_other(number):
    before, stuck, behind = (told_call(number) for _ in range(3))
    take_away_audio(stuck)
    for minutes, call in enumerate((behind, stuck, before)):
        put_off(call, minutes=minutes)
    look_back()
    assert [is_made_anew(call) for call in (before, stuck, behind)] == [True, False, True]
    waiting = CarrierRecording.objects.put_off().get()
    assert waiting.call == stuck
    assert waiting.fetch_again_at > timezone.now() + timedelta(minutes=59)


def test_a_late_message_that_another_worker_asks_for_is_left_to_it(number):
    waiting = put_off(told_call(number), minutes=1)
    assert recording._claim(waiting)
    assert not recording._claim(waiting)


@pytest.mark.parametrize("part", [left_audio_of, announce_message])
def test_a_part_behind_one_that_cannot_be_read_does_not_hold_the_message(number, part):
    call = told_call(number)
    away = take_away_audio(call)
    part(call)
    Message.objects.update(stage=Stage.COLLECTED)
    for _ in range(processing.UNREADABLE_ATTEMPTS + 1):
        Message.objects.update(next_step_at=timezone.now())
        processing.work_once(all_time=False)
    message = Message.objects.get()
    assert message.stage == Stage.NOTIFIED
    away.rename(away.with_suffix(".wav"))
    CarrierRecording.objects.update(fetch_again_at=timezone.now())
    Message.objects.update(read_at=timezone.now(), summary="")
    look_back()
    assert is_made_anew(call)
    assert Recording.objects.get().duration_ms > 1_000


@pytest.mark.parametrize("name", ["{}.mulaw", "{}.1.aside"])
def test_audio_that_the_disk_does_not_give_does_not_hold_the_message_for_ever(number, name):
    call = told_call(number)
    waiting = announce_recording(call, b"\x10" * 16_000)
    Message.objects.update(stage=Stage.COLLECTED)
    stuck = spool_path(call.id).with_name(name.format(call.id))
    stuck.mkdir(parents=True)  # reading it is an OSError
    os.utime(stuck, (0, 0))
    for _ in range(processing.FETCH_ATTEMPTS + 1):
        assert Message.objects.get().stage == Stage.COLLECTED
        Message.objects.update(next_step_at=timezone.now())
        processing.work_once(all_time=False)
    assert Message.objects.get().stage == Stage.NOTIFIED
    stuck.rmdir()
    left_audio_of(call)
    CarrierRecording.objects.update(fetch_again_at=timezone.now())
    Message.objects.update(read_at=timezone.now(), summary="")
    look_back()
    assert is_made_anew(call)
    waiting.refresh_from_db()
    assert waiting.fetched_at is not None
    assert Recording.objects.get().duration_ms == 3_000


@pytest.fixture
def stuck_ending(number, settings) -> Call:
    """The last words of a call are on a disk that does not give them until the test says so."""
    settings.SPOOL_DIR.mkdir()
    call = ended_call(number, 9, stream_state="none")
    line = TranscriptLine(
        call=call, position=0, role="caller", text="Before five.", start_ms=0, end_ms=9,
        source="realtime",
    )  # fmt: skip
    kept_endings.keep(
        KeptEnding(call_id=call.id, generation=0, outcome=None, facts={}, lines=[line])
    )
    (file,) = kept_endings.waiting()
    file.rename(file.with_suffix(".away"))
    file.symlink_to(file)  # reading it is an OSError, removing it is not
    return call


def give_ending() -> None:
    (file,) = kept_endings.waiting()
    file.unlink()
    file.with_suffix(".away").rename(file)


def work(*, minutes_later: float) -> Message:
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes_later), tick=False):
        write_down_endings()
        processing.work_once(all_time=True)
    return Message.objects.get()


def test_last_words_that_the_disk_does_not_give_are_waited_for_and_not_for_ever(stuck_ending):
    assert work(minutes_later=0).stage == Stage.COLLECTED
    assert work(minutes_later=2).stage == Stage.NOTIFIED
    give_ending()
    message = work(minutes_later=60)
    assert (message.stage, message.summary) == (Stage.NOTIFIED, "Before five.")


@pytest.mark.V6
def test_last_words_that_the_disk_does_not_give_keep_nobody_from_being_forgotten(
    stuck_ending, owner
):
    Call.objects.update(direction="outbound", to_number="+14155550181")
    erasing.forget_caller(owner=owner, phone_number="+14155550181")
    erasing.keep_house()
    assert Erasure.objects.get().done_at is None
    with time_machine.travel(timezone.now() + erasing.PREPARED_WITHIN, tick=False):
        erasing.keep_house()
    assert Erasure.objects.get().done_at is not None
    assert kept_endings.waiting() == []
