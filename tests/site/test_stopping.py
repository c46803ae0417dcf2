"""The last moments of a server: what it still writes, and what it does not wait for."""

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import threading
import time
import uuid
from collections.abc import Iterator

import pytest
import uvicorn

from aloha_site.serving import DrainingServer
from telephony import draining
from telephony.audio_spool import spool_path
from telephony.models import Call
from telephony.recorder import CallRecorder
from tests.peers.media_line import MediaLine, stream_url
from tests.peers.ports import free_port
from tests.peers.processes import Process, started
from tests.telephony.test_recording import frame
from tests.telephony.test_refusing_database import not_migrated_yet
from tests.telephony.test_slow_disk import stuck_disk
from tests.telephony.test_stream_handshake import issue_call

pytestmark = pytest.mark.A4


async def nothing(scope, receive, send) -> None: ...


@contextlib.contextmanager
def served(
    listener: socket.socket, *, drain_s: float
) -> Iterator[tuple[DrainingServer, threading.Thread]]:
    """A server of this process that may be told to stop, and its thread."""
    config = uvicorn.Config(nothing, loop="uvloop", lifespan="off", log_config=None)
    server = DrainingServer(config, listener=listener, drain_s=drain_s)
    thread = threading.Thread(target=server.run_until_stopped)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield server, thread
    finally:
        server.should_exit = True
        thread.join()
        draining.here.has_begun = False


@pytest.fixture
def stopping(transactional_db):
    with socket.create_server(("127.0.0.1", 0)) as listener, served(listener, drain_s=0) as server:
        yield server


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
        assert thread.is_alive()
    thread.join()
    assert spool_path(call_id).stat().st_size == 320


@pytest.mark.check  # it waits as long as a call may need
def test_tables_that_are_not_made_yet_are_told_of_once(stopping, caplog):
    server, thread = stopping
    with not_migrated_yet():
        server.should_exit = True
        thread.join()
    assert caplog.text.count("the database does not say which calls go on") == 1


class BusySystem(socket.socket):
    """A listener from whose queue nothing can be had."""

    def accept(self) -> tuple[socket.socket, object]:
        raise OSError(errno.EMFILE, "Too many open files")


class OpenStream:
    call_id = uuid.uuid4()

    def hand_over(self) -> None: ...


def test_a_connection_that_cannot_be_had_ends_no_call(transactional_db, caplog):
    caplog.set_level(logging.INFO, "aloha_site.serving")
    with BusySystem() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        address = listener.getsockname()
        with (
            served(listener, drain_s=2) as (server, thread),
            draining.here.holding(OpenStream()),
            socket.create_server(address, reuse_port=True),
        ):
            server.should_exit = True
            thread.join(1)
            assert thread.is_alive()
    assert "connections thrown out with the port" in caplog.text
    assert "another process listens on the port" in caplog.text


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
