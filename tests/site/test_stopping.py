"""The last moments of a server: what it still writes, and what it does not wait for."""

import asyncio
import logging
import os
import signal
import socket
import threading
import time
import uuid

import pytest
import uvicorn

from aloha_site.serving import DrainingServer
from telephony import draining
from telephony.audio_spool import spool_path
from telephony.models import Call
from telephony.recorder import CallRecorder
from tests.journeys.test_server_killed import free_port
from tests.peers.media_line import MediaLine, stream_url
from tests.peers.processes import Process, started
from tests.telephony.test_recording import frame
from tests.telephony.test_slow_disk import stuck_disk
from tests.telephony.test_stream_handshake import issue_call

pytestmark = pytest.mark.A4


async def nothing(scope, receive, send) -> None: ...


@pytest.fixture
def stopping(transactional_db):
    """A server of this process that is about to stop, as its thread."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(nothing, loop="uvloop", lifespan="off", log_config=None)
        server = DrainingServer(config, listener=listener, drain_s=0)
        thread = threading.Thread(target=server.run_until_stopped)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield server, thread
        thread.join()
    draining.here.has_begun = False


def test_audio_that_waits_for_the_disk_is_written_before_the_end(
    stopping, settings, tmp_path, caplog
):
    settings.VAR_DIR = tmp_path
    caplog.set_level(logging.INFO, "aloha_site.serving")
    server, thread = stopping
    recorder = CallRecorder(call_id := uuid.uuid4())
    with stuck_disk():
        recorder.caller(0, frame(0x10))
        recorder.flush()
        server.should_exit = True
        while "server stops" not in caplog.text:
            time.sleep(0.01)
        time.sleep(0.3)
    thread.join()
    assert spool_path(call_id).stat().st_size == 320


DRAIN_S = 1


@pytest.fixture
def stuck_call(transactional_db, owner, settings, tmp_path) -> Call:
    """A call whose audio goes to a disk that never takes it."""
    settings.VAR_DIR = tmp_path
    call = issue_call(owner)
    spool_path(call.id).parent.mkdir()
    os.mkfifo(spool_path(call.id))
    return call


@pytest.mark.check
async def test_a_disk_that_is_stuck_does_not_keep_a_stopped_server(stuck_call, settings, tmp_path):
    port = free_port()
    settings.PUBLIC_BASE_URL = url = f"http://127.0.0.1:{port}"
    changes = {"DRAIN_SECONDS": str(DRAIN_S)}
    web = Process(tmp_path, "web", "serve", "--port", str(port), url=url, changes=changes)
    with started(web):
        await asyncio.to_thread(web.wait_for, "Listening on")
        async with MediaLine(stream_url(stuck_call)) as line:
            await line.start(stuck_call.call_sid)
            for index in range(75):
                await line.media(index, b"\x20" * 160)
            await asyncio.sleep(0.2)
        web.popen.send_signal(signal.SIGINT)
        await asyncio.to_thread(web.popen.wait, DRAIN_S + 10)
    assert "audio lost" in web.log.read_text()
