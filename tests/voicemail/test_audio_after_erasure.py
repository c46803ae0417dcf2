"""Audio that comes when its message is erased: not kept, and not left at the carrier either."""

import os
import threading
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.utils import timezone

from agent.speech.wav import mulaw_header
from telephony import audio_spool, left_audio, recording
from telephony.audio_spool import spool_path
from telephony.erasing import erase_audio
from telephony.models import Call, CallEvent, CarrierRecording, Recording
from tests.factories import make_number
from tests.peers.twilio_rest import twilio_peer
from tests.voicemail.messages import ended_call, leave_message
from tests.voicemail.test_processing import announce_recording
from voicemail import erasing, processing
from voicemail.message_erasing import erase_message
from voicemail.models import Message
from voicemail.reopening import fetch_put_off

pytestmark = pytest.mark.V6
AUDIO = b"\x10\x20" * 4_000


@pytest.fixture(autouse=True)
def own_folders(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "recordings"


@pytest.fixture
def call(owner) -> Call:
    message = leave_message(make_number(owner))
    erase_message(message)
    return message.call


def leave_in_spool(call: Call) -> Path:
    spool = spool_path(call.id)
    spool.parent.mkdir(parents=True, exist_ok=True)
    spool.write_bytes(AUDIO)
    os.utime(spool, (0, 0))
    return spool


def stored_files() -> list[Path]:
    return [path for path in Path(django_settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_what_found_no_room_on_the_disk_until_the_message_was_erased_goes_too(call):
    leave_in_spool(call)
    left_audio.store_left_audio()
    assert not audio_spool.holds(call.id)
    assert stored_files() == []
    assert Message.objects.get().erased_at is not None


def test_a_message_that_was_put_off_is_not_stored_when_it_comes(call):
    waiting = announce_recording(call, AUDIO)
    CarrierRecording.objects.update(fetch_again_at=timezone.now())
    fetch_put_off()
    assert stored_files() == []
    assert not Recording.objects.exists()
    assert not CarrierRecording.objects.put_off().exists()
    erasing.keep_house()
    assert not (django_settings.VAR_DIR / "calls" / str(waiting.call.call_sid)).exists()


def test_what_the_carrier_announces_after_the_erasure_is_erased_there(call, settings):
    Call.objects.update(simulated=False)
    sid = "RE" + "0" * 32
    CarrierRecording.objects.create(call=call, sid=sid)
    for days_ago in (0, 1):
        CallEvent.objects.create(
            call=call, kind="recording", key=str(days_ago), payload={"From": call.from_number},
            received_at=timezone.now() - timedelta(days=days_ago),
        )  # fmt: skip
    with twilio_peer() as account:
        settings.TELEPHONY = account.backend()
        account.recordings[sid] = mulaw_header(len(AUDIO), channels=1) + AUDIO
        processing.work_once(all_time=True)
        erasing.keep_house()
        assert sid not in account.recordings
    assert not CarrierRecording.objects.exists()
    assert CallEvent.objects.get(key="0").payload == {}
    assert CallEvent.objects.get(key="1").payload == {"From": call.from_number}


def test_audio_of_an_old_message_is_not_fetched_again(owner):
    message = leave_message(make_number(owner), read_at=timezone.now())
    erase_audio(message.call)
    announce_recording(message.call, AUDIO)
    processing.work_once(all_time=True)
    assert Message.objects.get().read_at is not None
    assert not Recording.objects.exists()


def test_no_audio_is_stored_of_a_call_whose_audio_is_erased(call):
    with pytest.raises(recording.AudioErased):
        recording.store_recording(call=call, caller=AUDIO, agent=AUDIO)
    assert stored_files() == []


@pytest.mark.django_db(transaction=True)
def test_audio_that_is_being_stored_while_it_is_erased_is_gone_afterwards(owner):
    call = ended_call(make_number(owner), 5, stream_state="closed")
    leave_in_spool(call)

    def erase() -> None:
        try:
            erase_audio(call)
        finally:
            connections.close_all()

    erasing_it = threading.Thread(target=erase)

    def meanwhile(call_id: uuid.UUID) -> None:
        erasing_it.start()
        erasing_it.join(0.5)  # it looks, and waits for this transaction

    recording.store_spooled(call.id, also=meanwhile)
    erasing_it.join()
    assert not Recording.objects.exists()
    assert stored_files() == []
