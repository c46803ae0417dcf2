"""A server that is told to stop, with nobody to follow it, while calls are about to begin."""

import asyncio
import contextlib
import re
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories import make_number
from tests.journeys.test_database_outages import send
from tests.peers.media_line import MediaLine
from tests.peers.ports import free_port
from tests.peers.processes import Process, started
from tests.telephony.carrier import incoming_form

pytestmark = [pytest.mark.A4, pytest.mark.check]

DRAIN_S = 1
NOTICE_S = 3
"""Callers listen to a notice, and then the carrier opens their stream."""


@pytest.fixture
def number(transactional_db, owner):
    return make_number(owner)


@pytest.fixture
def address(settings):
    settings.PUBLIC_BASE_URL = url = f"http://127.0.0.1:{free_port()}"
    return url


@contextlib.contextmanager
def serving(folder: Path, name: str, url: str, *options: str) -> Iterator[Process]:
    changes = {"DRAIN_SECONDS": str(DRAIN_S)}
    port = url.rpartition(":")[2]
    web = Process(folder, name, "serve", "--port", port, *options, url=url, changes=changes)
    with started(web):
        web.wait_for("Listening on")
        try:
            yield web
        finally:
            print(web.log.read_text()[-4000:])


@pytest.fixture
def server(address, tmp_path, number):
    with serving(tmp_path, "web", address) as web:
        yield web


def final(form: dict[str, str]) -> dict[str, str]:
    return form | {"CallStatus": "completed"}


async def test_a_caller_who_still_hears_the_notice_can_leave_a_message(server, number, settings):
    url = settings.PUBLIC_BASE_URL
    form = incoming_form(number.phone_number, CallSid=f"SIMULATED_CALL_{uuid.uuid4().hex}")
    _, document, _ = await send(url, "incoming", form)
    [stream] = re.findall(r'url="(ws://[^"]+)"', document.decode())
    told_at = time.monotonic()
    server.popen.send_signal(signal.SIGTERM)
    await asyncio.sleep(NOTICE_S)
    async with MediaLine(stream) as line:
        assert await line.closed(within_s=3) == 1000
    status, document, _ = await send(url, "after-stream", form | {"CallStatus": "in-progress"})
    assert (status, b"<Record" in document) == (200, True)
    await asyncio.sleep(1)  # she speaks, and the call is not over
    await send(url, "status", final(form))
    await asyncio.to_thread(server.popen.wait, DRAIN_S + 10)
    assert time.monotonic() - told_at <= DRAIN_S + 10


async def test_without_calls_it_stops_at_once(server):
    told_at = time.monotonic()
    server.popen.send_signal(signal.SIGTERM)
    await asyncio.to_thread(server.popen.wait, DRAIN_S + 10)
    assert time.monotonic() - told_at < 3


async def both_serve(url: str, *servers: Process) -> None:
    """Until each has answered somebody: only then it heeds a signal."""
    while not all("call came in" in server.log.read_text() for server in servers):
        await send(url, "incoming", incoming_form("+14155550100"))


async def test_two_that_stop_together_leave_no_caller_unanswered(address, tmp_path, number):
    with (
        serving(tmp_path, "one", address, "--share-port") as one,
        serving(tmp_path, "two", address, "--share-port") as two,
    ):
        await both_serve(address, one, two)
        waiting = incoming_form(number.phone_number, CallSid=f"SIMULATED_CALL_{uuid.uuid4().hex}")
        await send(address, "incoming", waiting)  # her stream is still to come
        for server in (one, two):
            server.popen.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.5)
        for _ in range(6):
            sid = f"SIMULATED_CALL_{uuid.uuid4().hex}"
            status, document, _ = await send(
                address, "incoming", incoming_form(number.phone_number, CallSid=sid)
            )
            assert (status, b"<Record" in document) == (200, True)
        await send(address, "status", final(waiting))
        for server in (one, two):
            await asyncio.to_thread(server.popen.wait, DRAIN_S + 10)
