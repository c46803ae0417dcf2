"""A full disk under the recordings: what does not fit does not count as audio."""

import contextlib
import io
import os
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage, default_storage
from django.utils import timezone

from telephony import audio_spool
from telephony.audio_spool import spool_path
from telephony.left_audio import store_left_audio
from telephony.models import Recording
from telephony.recording_check import AudioDamaged, verify
from tests.factories import make_number
from tests.voicemail.messages import ended_call
from voicemail import processing
from voicemail.exporting import export
from voicemail.models import Message, Stage

pytestmark = pytest.mark.V4
DISK_BYTES = 256 * 1024


@pytest.fixture
def small_disk(tmp_path, settings):
    """A file system of 256 KiB under the recordings."""
    if os.geteuid() != 0:
        pytest.skip("needs the right to mount file systems")
    disk = tmp_path / "recordings"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(disk)]
    if subprocess.run(command, check=False).returncode:
        pytest.skip("needs the right to mount file systems")
    settings.MEDIA_ROOT = disk
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.fixture
def call(owner):
    call = ended_call(make_number(owner), 1, stream_state="closed")
    path = spool_path(call.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x20\xff" * 80_000)
    os.utime(path, (0, 0))
    return call


def work() -> Message:
    processing.collect_messages()
    Message.objects.update(next_step_at=timezone.now())
    processing.advance_messages()
    return Message.objects.get()


def test_what_does_not_fit_is_no_audio_and_is_stored_once_there_is_room(small_disk, call):
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(150_000))
    message = work()
    assert (message.stage, message.attempts) == (Stage.COLLECTED, 1)
    assert "No space left" in message.last_error
    assert files_on(small_disk) == {ballast}
    assert audio_spool.holds(call.id)
    ballast.unlink()
    assert work().stage == Stage.NOTIFIED
    verify(Recording.objects.get())
    assert not audio_spool.holds(call.id)


def files_on(disk: Path) -> set[Path]:
    return {path for path in disk.rglob("*") if path.is_file()}


def test_a_truncated_file_is_noticed_and_does_not_hold_the_message(call):
    work()
    recording = Recording.objects.get()
    with default_storage.open(recording.file.name, "rb+") as file:
        file.truncate(1_000)
    with pytest.raises(AudioDamaged):
        verify(recording)
    Message.objects.update(stage=Stage.COLLECTED)
    for _ in range(processing.UNREADABLE_ATTEMPTS):
        assert "recording" in work().last_error
    assert work().stage == Stage.NOTIFIED
    # What there is can still be heard, and is found when it is to be erased.
    assert Recording.objects.get().file.size == 1_000


def test_a_storage_that_is_away_loses_no_recording(call, settings):
    folder = Path(settings.MEDIA_ROOT)
    Message.objects.update(stage=Stage.COLLECTED)
    work()
    Message.objects.update(stage=Stage.COLLECTED)
    away = folder.rename(folder.with_name("away"))
    for _ in range(processing.UNREADABLE_ATTEMPTS):
        assert work().last_error
    assert work().stage == Stage.NOTIFIED
    away.rename(folder)
    verify(Recording.objects.get())


class ClientGaveUp(Exception):
    """As clients of storages elsewhere raise; it is no OSError."""


class StorageElsewhere(FileSystemStorage):
    """Whose client finds no server."""

    def save(self, *args, **fields):
        raise ClientGaveUp

    open = delete = save


@pytest.fixture
def away_elsewhere(settings):
    elsewhere = {"BACKEND": f"{__name__}.StorageElsewhere"}

    @contextlib.contextmanager
    def away() -> Iterator[None]:
        usual = settings.STORAGES
        settings.STORAGES = usual | {"default": elsewhere}
        yield
        settings.STORAGES = usual

    return away


def test_a_storage_elsewhere_that_is_away_holds_a_message_no_longer_than_a_disk(
    call, away_elsewhere
):
    with away_elsewhere():
        for _ in range(processing.FETCH_ATTEMPTS):
            assert "ClientGaveUp" in work().last_error
        assert work().stage == Stage.NOTIFIED
        assert audio_spool.holds(call.id)
    store_left_audio(rests_seconds=0)
    verify(Recording.objects.get())


@pytest.mark.V6
def test_an_archive_names_what_a_storage_elsewhere_does_not_give(call, owner, away_elsewhere):
    work()
    with away_elsewhere():
        archive = zipfile.ZipFile(io.BytesIO(b"".join(export(owner))))
    assert f"audio/{call.id}.wav" in archive.read("missing-audio.txt").decode()
