"""Audio in the spool is stored once and whole, whoever writes or stores it at the same moment."""

import threading
import time

import pytest
from django.db import connection

from telephony import audio_spool
from telephony.audio_spool import spool_path
from telephony.erasing import erase_audio
from telephony.left_audio import store_left_audio
from telephony.recorder import CallRecorder
from telephony.recording import EarlierPartUnreadable, store_spooled
from tests.factories import make_call, make_number
from tests.telephony.test_recording import channels, frame

pytestmark = pytest.mark.V4
FIRST, SECOND = bytearray(b"\x10" * 320), bytearray(b"\x20" * 320)


@pytest.fixture(autouse=True)
def own_spool(settings, tmp_path):
    settings.VAR_DIR = tmp_path


@pytest.fixture
def call(transactional_db, owner):
    return make_call(make_number(owner), status="completed")


def test_what_is_written_while_the_rest_is_stored_is_stored_too(call):
    recorder = CallRecorder(call.id)

    def speak() -> None:
        for index in range(200):
            recorder.caller(index * 20, frame(index))
            recorder.flush().result(5)
            time.sleep(0.001)

    speaking = threading.Thread(target=speak)
    speaking.start()
    while speaking.is_alive():
        store_spooled(call.id)
    speaking.join()
    store_spooled(call.id)
    assert channels(call.recording)[0] == b"".join(bytes([index]) * 160 for index in range(200))
    assert not audio_spool.holds(call.id)


def test_what_a_crash_left_is_stored_before_what_came_since(call):
    audio_spool.append(spool_path(call.id), FIRST)
    audio_spool.set_aside(call.id)
    audio_spool.append(spool_path(call.id), SECOND)
    assert store_spooled(call.id)
    assert channels(call.recording)[0] == FIRST[::2] + SECOND[::2]
    assert not audio_spool.holds(call.id)


def test_what_a_crash_left_alone_is_found(call):
    audio_spool.append(spool_path(call.id), FIRST)
    audio_spool.set_aside(call.id)
    assert not audio_spool.has_rested(call.id, 60)
    assert store_left_audio(rests_seconds=-1) == {call.id}


@pytest.mark.V6
def test_what_a_crash_left_is_erased(call):
    audio_spool.append(spool_path(call.id), FIRST)
    audio_spool.set_aside(call.id)
    assert audio_spool.holds(call.id)
    erase_audio(call)
    assert audio_spool.files() == []


def test_all_who_store_at_the_same_time_store_it_once(call):
    spoken = bytearray(b"".join(bytes([index]) * 320 for index in range(200)))
    all_are_here = threading.Barrier(3)

    def store() -> None:
        try:
            all_are_here.wait(5)
            store_spooled(call.id)
        finally:
            connection.close()

    for start in range(0, len(spoken), 3_200):
        audio_spool.append(spool_path(call.id), spoken[start : start + 3_200])
        audio_spool.set_aside(call.id)
    storing = [threading.Thread(target=store) for _ in range(3)]
    for each in storing:
        each.start()
    for each in storing:
        each.join()
    assert channels(call.recording)[0] == spoken[::2]
    assert not audio_spool.holds(call.id)


def test_a_storage_that_lost_the_recording_loses_nothing_more(call):
    audio_spool.append(spool_path(call.id), FIRST)
    store_spooled(call.id)
    call.recording.file.storage.delete(call.recording.file.name)
    audio_spool.append(spool_path(call.id), SECOND)
    with pytest.raises(EarlierPartUnreadable):
        store_spooled(call.id)
    assert audio_spool.holds(call.id)
