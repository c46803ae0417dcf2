"""A crash while audio is stored leaves no file that no row knows of."""

import os
import signal
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage
from django.db import OperationalError, transaction
from django.utils import timezone

from aloha_site.management.commands import work
from telephony import unnamed_files
from telephony.audio_spool import spool_path
from telephony.erasing import erase_audio
from telephony.models import Call, Recording, UnnamedFile
from telephony.recording import store_recording, store_spooled
from tests.factories import make_call, make_number
from tests.peers.processes import Process, started

pytestmark = pytest.mark.V6
DEADLINE_S = 30
STORE = """
import os, signal, uuid
from django.db import transaction
from telephony.recording import store_spooled
kill = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
store_spooled(uuid.UUID("{call_id}"), also={moment})
"""
BEFORE_THE_ROW = "kill"
AFTER_THE_ROW = "lambda _: transaction.on_commit(kill)"


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "recordings"


@pytest.fixture
def call(owner) -> Call:
    """A call with some audio stored, and more to come."""
    call = make_call(make_number(owner), status="completed")
    store_recording(call=call, caller=b"\x10" * 800, agent=b"\x20" * 800)
    spool_path(call.id).parent.mkdir(parents=True, exist_ok=True)
    spool_path(call.id).write_bytes(b"\x30\x40" * 800)
    return call


def stored_files(settings) -> set[str]:
    folder = Path(settings.MEDIA_ROOT)
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def named_files() -> set[str]:
    return set(Recording.objects.values_list("file", flat=True))


def noted_files() -> set[str]:
    return set(UnnamedFile.objects.values_list("name", flat=True))


def test_what_is_stored_is_named_and_nothing_else_is_there(call, settings):
    store_spooled(call.id)
    assert stored_files(settings) == named_files()
    assert noted_files() == set()


@pytest.mark.check
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("moment", [BEFORE_THE_ROW, AFTER_THE_ROW])
def test_a_file_that_a_kill_left_is_known_and_deleted(call, settings, tmp_path, moment):
    code = STORE.format(call_id=call.id, moment=moment)
    victim = Process(tmp_path, "victim", "shell", "-c", code, url=settings.PUBLIC_BASE_URL)
    with started(victim):
        assert victim.popen.wait(DEADLINE_S) == -signal.SIGKILL, victim.log.read_text()
    assert len(stored_files(settings)) == 2
    assert stored_files(settings) == named_files() | noted_files()
    store_spooled(call.id)
    assert Recording.objects.get().duration_ms == 200
    unnamed_files.delete_left(now=timezone.now() + timedelta(minutes=59))
    assert len(stored_files(settings)) == 2
    unnamed_files.delete_left(now=timezone.now() + timedelta(minutes=61))
    assert stored_files(settings) == named_files()
    assert noted_files() == set()


def leave_unnamed(call: Call) -> str:
    """A file as a process leaves it that was killed before its row was there."""
    name = str(Recording._meta.get_field("file").generate_filename(Recording(), "call.wav"))
    UnnamedFile.objects.create(name=name, call=call)
    with default_storage.open(name, "wb") as file:
        file.write(b"canary")
    return name


def test_erasing_a_call_takes_the_files_that_no_row_names(call):
    name = leave_unnamed(call)
    erase_audio(call)
    assert not default_storage.exists(name)


def test_a_file_whose_call_is_deleted_is_still_known(call, settings):
    leave_unnamed(call)
    Recording.objects.all().delete()
    call.delete()
    assert unnamed_files.delete_left(now=timezone.now() + timedelta(minutes=61)) == 1


def test_what_is_none_of_ours_in_the_storage_stays(call, settings):
    default_storage.save("2026/11/somebody-elses.wav", ContentFile(b"music"))
    unnamed_files.delete_left(now=timezone.now() + timedelta(days=900))
    assert default_storage.exists("2026/11/somebody-elses.wav")


def test_a_file_that_the_storage_does_not_delete_is_tried_again(call, settings):
    name = leave_unnamed(call)
    path = Path(settings.MEDIA_ROOT) / name
    path.unlink()
    path.mkdir()
    (path / "something").touch()
    later = timezone.now() + timedelta(minutes=61)
    unnamed_files.delete_left(now=later)
    assert noted_files() == {name}
    (path / "something").unlink()
    path.rmdir()
    os.close(os.open(path, os.O_CREAT))
    unnamed_files.delete_left(now=later)
    assert noted_files() == set()
    assert not path.exists()


def lose_answer() -> None:
    raise OperationalError("server closed the connection unexpectedly")


@pytest.mark.V4
@pytest.mark.django_db(transaction=True)
def test_a_lost_answer_to_the_commit_costs_no_recording(call, settings):
    def lose_later(_: object) -> None:
        transaction.on_commit(lose_answer)

    with pytest.raises(OperationalError):
        store_spooled(call.id, also=lose_later)
    assert named_files() <= stored_files(settings)
    store_spooled(call.id)
    unnamed_files.delete_left(now=timezone.now() + timedelta(minutes=61))
    assert stored_files(settings) == named_files()
    assert Recording.objects.get().duration_ms == 200


def test_what_a_broken_connection_left_behind_goes_after_an_hour(call, settings):
    with pytest.raises(OperationalError):
        store_spooled(call.id, also=lambda _: lose_answer())
    unnamed_files.delete_left(now=timezone.now() + timedelta(minutes=61))
    assert stored_files(settings) == named_files()
    assert Recording.objects.get().duration_ms == 100


def test_a_file_that_a_recording_names_is_not_deleted(call, settings):
    UnnamedFile.objects.create(name=Recording.objects.get().file.name, call=call)
    assert unnamed_files.delete_left(now=timezone.now() + timedelta(minutes=61)) == 0
    assert stored_files(settings) == named_files()


def test_what_a_clock_that_was_ahead_has_noted_is_deleted(call, settings):
    leave_unnamed(call)
    UnnamedFile.objects.update(since=timezone.now() + timedelta(days=365))
    unnamed_files.delete_left(now=timezone.now())
    assert stored_files(settings) == named_files()


class SlowStorage(FileSystemStorage):
    """Has a file an hour after its worker began with it, the first time; deletes in 50 ms."""

    is_slow = True

    def delete(self, name: str) -> None:
        time.sleep(0.05)
        super().delete(name)

    def save(self, *args: object, **kwargs: object) -> str:
        name: str = super().save(*args, **kwargs)
        if SlowStorage.is_slow:
            SlowStorage.is_slow = False
            unnamed_files.delete_left(now=timezone.now() + timedelta(minutes=61))
        return name


@pytest.fixture
def slow_storage(call, settings) -> None:
    SlowStorage.is_slow = True
    slow = {"BACKEND": f"{__name__}.SlowStorage"}
    settings.STORAGES = settings.STORAGES | {"default": slow}


@pytest.mark.V4
@pytest.mark.usefixtures("slow_storage")
def test_a_file_that_is_deleted_before_its_row_is_there_is_stored_again(call, settings):
    """By a worker whose clock is wrong, or because the storage took so long."""
    store_spooled(call.id)
    assert not SlowStorage.is_slow
    assert Recording.objects.get().duration_ms == 200
    assert stored_files(settings) == named_files()
    assert noted_files() == set()


@pytest.mark.V4
def test_a_file_that_is_being_deleted_is_not_named(call, settings):
    new = Recording(call=call)
    unnamed_files.write(new, b"canary")
    name = str(new.file.name)
    path = Path(settings.MEDIA_ROOT) / name
    path.unlink()
    (path / "something").mkdir(parents=True)  # it cannot be deleted yet
    unnamed_files.delete_left(now=timezone.now() + timedelta(minutes=61))
    assert noted_files() == {name}
    assert unnamed_files.swap(call.id, named=name, unnamed="") is False


@pytest.mark.usefixtures("slow_storage")
def test_a_slow_storage_does_not_take_all_the_time_of_a_round(call):
    for _ in range(5):
        leave_unnamed(call)
    later = timezone.now() + timedelta(minutes=61)
    assert unnamed_files.delete_left(now=later, round_seconds=0.02) == 1
    assert unnamed_files.delete_left(now=later) == 4


@pytest.mark.django_db(transaction=True)
def test_a_disk_that_fails_under_the_spool_keeps_no_file_of_the_storage(call, settings, tmp_path):
    settings.SPOOL_DIR = tmp_path / "file"
    settings.SPOOL_DIR.write_text("no folder")
    leave_unnamed(call)
    UnnamedFile.objects.update(since=timezone.now() - timedelta(days=1))
    stop = threading.Event()
    chores = threading.Thread(target=work._do_chores_until, args=[stop])
    chores.start()
    deadline = time.monotonic() + DEADLINE_S
    while noted_files() and time.monotonic() < deadline:
        time.sleep(0.05)
    stop.set()
    chores.join(DEADLINE_S)
    assert noted_files() == set()
    assert stored_files(settings) == named_files()
