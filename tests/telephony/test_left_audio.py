"""Audio that a dead process left in the spool of a call that no message waits for."""

import os
import time
import uuid

import pytest

from telephony.left_audio import store_left_audio
from telephony.models import Recording
from telephony.recording import spool_path
from tests.factories import make_call, make_number

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
    assert store_left_audio(rests_seconds=-1) == 1
    assert Recording.objects.get(call=call).duration_ms == 20
    assert not spool_path(call.id).exists()


def test_a_file_that_grew_just_now_is_left_alone(call):
    assert store_left_audio() == 0
    assert spool_path(call.id).exists()


def test_audio_of_a_call_that_runs_is_left_alone(call):
    type(call).objects.update(status="in-progress")
    assert store_left_audio(rests_seconds=-1) == 0
    assert spool_path(call.id).exists()


@pytest.mark.V6
@pytest.mark.parametrize(("days", "is_gone"), [(29, False), (31, True)])
def test_audio_without_a_call_goes_after_a_month(db, days, is_gone):
    leave(nobodys := uuid.uuid4())
    long_ago = time.time() - days * 86_400
    os.utime(spool_path(nobodys), (long_ago, long_ago))
    assert store_left_audio() == is_gone
    assert spool_path(nobodys).exists() is not is_gone
