"""A server that is told to stop while its database stands still does not wait for it."""

import asyncio
import re
import signal
import time
import uuid
from collections.abc import Iterator

import pytest

from tests.journeys.test_database_outages import NUMBER, OWNER, send
from tests.peers.media_line import MediaLine
from tests.peers.ports import free_port
from tests.peers.postgres import Postgres, private_postgres
from tests.peers.processes import Process, started
from tests.telephony.carrier import incoming_form

# The private cluster and the whole processes take their time.
pytestmark = [pytest.mark.A4, pytest.mark.check]

DRAIN_S = 2


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with private_postgres() as postgres:
        yield postgres


@pytest.fixture
def server(postgres, settings, tmp_path) -> Iterator[Process]:
    port = free_port()
    settings.PUBLIC_BASE_URL = url = f"http://127.0.0.1:{port}"
    changes = {"DATABASE_URL": postgres.url, "DRAIN_SECONDS": str(DRAIN_S)}
    changes |= {"ALOHA_VAR_DIR": str(tmp_path / "var")}
    for name, *command in [["migrate", "migrate", "--no-input"], ["owner", "shell", "-c", OWNER]]:
        process = Process(tmp_path, name, *command, url=url, changes=changes)
        assert process.popen.wait(60) == 0, process.log.read_text()
    web = Process(tmp_path, "web", "serve", "--port", str(port), url=url, changes=changes)
    with started(web):
        web.wait_for("Listening on")
        yield web
        print(web.log.read_text()[-4000:])


async def offered_stream(settings) -> tuple[str, str]:
    """A call that came in: its SID, and where its stream may be opened."""
    sid = f"SIMULATED_CALL_{uuid.uuid4().hex}"
    _, document, _ = await send(
        settings.PUBLIC_BASE_URL, "incoming", incoming_form(NUMBER, CallSid=sid)
    )
    found = re.search(r'url="(ws://[^"]+)"', document.decode())
    assert found, document
    return sid, found[1]


async def told_to_stop(server: Process) -> float:
    told_at = time.monotonic()
    server.popen.send_signal(signal.SIGTERM)
    await asyncio.to_thread(server.wait_for, "server drains")
    return told_at


async def stopped(server: Process, told_at: float) -> float:
    """How long it took, in seconds; raises TimeoutError past the limit."""
    await asyncio.to_thread(server.popen.wait, DRAIN_S + 10)
    return time.monotonic() - told_at


async def test_a_stream_that_comes_too_late_is_closed_though_nothing_can_be_noted(
    server, settings, postgres
):
    (held_sid, held), (_, late) = [await offered_stream(settings) for _ in range(2)]
    async with MediaLine(held) as line:
        await line.start(held_sid)
        told_at = await told_to_stop(server)
        with postgres.connected() as other, other.transaction():
            other.execute("LOCK TABLE telephony_callevent IN ACCESS EXCLUSIVE MODE")
            async with MediaLine(late) as late_line:
                assert await late_line.closed(within_s=4) == 1000
            took_s = await stopped(server, told_at)
    assert "stream not handed over: the database does not answer" in server.log.read_text()
    assert took_s <= DRAIN_S + 10


async def test_a_frozen_database_does_not_keep_the_process(server, settings, postgres):
    held_sid, held = await offered_stream(settings)
    async with MediaLine(held) as line:
        await line.start(held_sid)
        with postgres.frozen():
            told_at = await told_to_stop(server)
            took_s = await stopped(server, told_at)
    assert took_s <= DRAIN_S + 10
