"""A disk that takes its time: what was heard meanwhile is written all the same."""

import asyncio
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from asgiref.sync import sync_to_async

from telephony.audio_spool import spool_path
from telephony.conversation_end import STEP_SECONDS
from telephony.models import Recording
from telephony.recorder import CallRecorder
from telephony.recording import store_spooled
from tests.peers.media_line import MediaLine, stream_url
from tests.telephony.test_recording import frame
from tests.telephony.test_stream_handshake import closed, issue_call

pytestmark = pytest.mark.A5


@pytest.fixture(autouse=True)
def own_spool(settings, tmp_path):
    settings.VAR_DIR = tmp_path


@pytest.fixture
def call(aloha_url, owner):
    return issue_call(owner)


@contextmanager
def stuck_disk() -> Iterator[None]:
    """The writer of all calls waits: opening a pipe to write lasts until somebody reads it."""
    pipe = spool_path(other := uuid.uuid4())
    pipe.parent.mkdir(exist_ok=True)
    os.mkfifo(pipe)
    recorder = CallRecorder(other)
    recorder.caller(0, frame(0x10))
    written = recorder.flush()
    try:
        yield
    finally:
        reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        written.exception(5)
        os.close(reading)


async def test_what_was_said_while_the_disk_stood_still_is_recorded(call):
    async with MediaLine(stream_url(call)) as line:
        await line.start(call.call_sid)
        with stuck_disk():
            for index in range(75):
                await line.media(index, b"\x20" * 160)
            await line.send({"event": "stop", "streamSid": "", "stop": {}})
            assert await closed(call) == "caller_left"
            await asyncio.sleep(STEP_SECONDS + 0.5)
    await asyncio.to_thread(CallRecorder(uuid.uuid4()).flush().result, 5)
    assert not await Recording.objects.filter(call=call).aexists()  # half of it would be
    assert await sync_to_async(store_spooled)(call.id)
    assert (await Recording.objects.aget(call=call)).duration_ms >= 1_500


def test_writing_that_is_given_up_is_told(caplog):
    recorder = CallRecorder(uuid.uuid4())
    recorder.caller(0, frame(0x10))
    with stuck_disk():
        assert recorder.flush().cancel()
    assert "audio was not written: given up" in caplog.text
