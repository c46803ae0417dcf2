"""The runbook's trouble with the database: caused, seen by its signs, and mended."""

import asyncio
import contextlib
import http.client
import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.journeys.test_database_outages import OWNER, agent_answers_again, leave_message
from tests.peers.ports import free_port
from tests.peers.postgres import Postgres, private_postgres
from tests.peers.processes import Process, started
from tests.site.runbook import PAGE, SIGNS

pytestmark = [pytest.mark.check, pytest.mark.A5]

READY = "The database does not answer."
REPLAYED = "kept request replayed"


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    with private_postgres() as postgres:
        yield postgres


def readiness(url: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        return answer.status, answer.read().decode().strip()


async def test_05_the_database_is_away_and_back(postgres, settings, tmp_path):
    signs, port = SIGNS[5], free_port()
    settings.PUBLIC_BASE_URL = url = f"http://127.0.0.1:{port}"
    changes = {"DATABASE_URL": postgres.url, "SPOOL_DIR": str(tmp_path / "carrier-spool")}

    def run(name: str, *command: str) -> str:
        process = Process(tmp_path, name, *command, url=url, changes=changes)
        process.popen.wait(60)
        return process.log.read_text()

    def process(name: str, *command: str) -> Process:
        return Process(tmp_path, name, *command, url=url, changes=changes)

    await asyncio.to_thread(run, "migrate", "migrate", "--no-input")
    await asyncio.to_thread(run, "owner", "shell", "-c", OWNER)
    web, worker = process("web", "serve", "--port", str(port)), process("worker", "work")
    with started(web, worker):
        await asyncio.to_thread(web.wait_for, "Listening on")
        await asyncio.to_thread(worker.wait_for, "worker started")
        await agent_answers_again(url)
        with postgres.stopped():
            await leave_message(url)
            assert await asyncio.to_thread(readiness, url) == (503, READY)
            said = await asyncio.to_thread(run, "sick", "doctor")
            assert re.search(rf"^{signs.elsewhere}\b", said, re.MULTILINE)
            assert signs.in_log in web.log.read_text()
        await asyncio.to_thread(worker.wait_for, REPLAYED)
        assert await asyncio.to_thread(readiness, url) == (200, "ready")
        said = await asyncio.to_thread(run, "well", "doctor")
    assert not re.search(rf"^{signs.elsewhere}\b", said, re.MULTILINE)
    assert READY in PAGE
    assert REPLAYED in PAGE
