"""A crash while audio is stored leaves no file that no row knows of."""

import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

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
