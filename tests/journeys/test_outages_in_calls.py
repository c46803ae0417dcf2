"""Database, disk or Redis are away while people talk: their calls go on, nothing is lost."""

import asyncio
import contextlib
import os
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from agent.speech import prompts
from agent.speech.wav import read_mulaw
from telephony.simulator.callers import WavCaller
from telephony.simulator.carrier import SimulatedCall
from telephony.simulator.result import AnsweredBy, CallResult
from tests.journeys.test_database_outages import (
    LIMIT_S,
    NUMBER,
    OWNER,
    eventually,
    new_call,
    send,
)
from tests.peers.live_view import STAFF, watched
from tests.peers.ports import free_port
from tests.peers.postgres import Postgres, private_postgres
from tests.peers.processes import Process, started
from tests.peers.redis import private_redis

pytestmark = [pytest.mark.check, pytest.mark.A5]

CALLS = 3
AWAY_S = 3


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with private_postgres() as postgres:
        yield postgres


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    """8 MiB for everything that Aloha writes beside its database."""
    if os.geteuid() != 0:
        pytest.skip("needs the right to mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "aloha", str(folder)]
    if subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("needs the right to mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@contextlib.asynccontextmanager
async def installation(
    postgres, settings, tmp_path, var_dir, redis_url: str = ""
) -> AsyncIterator[tuple[str, Process]]:
    """A web process and a worker; the web's address, and the web."""
    port = free_port()
    settings.PUBLIC_BASE_URL = url = f"http://127.0.0.1:{port}"
    changes = {"DATABASE_URL": postgres.url, "ALOHA_VAR_DIR": str(var_dir)}
    changes |= {"AGENT_CALLS_PER_NUMBER": "1000", "AGENT_CALLS_AT_ONCE": "1000"}
    changes |= {"REDIS_URL": redis_url}
    for name, *command in [
        ["migrate", "migrate", "--no-input"],
        ["people", "shell", "-c", OWNER + STAFF],
    ]:
        process = Process(tmp_path, name, *command, url=url, changes=changes)
        assert await asyncio.to_thread(process.popen.wait, 60) == 0, process.log.read_text()
    web = Process(tmp_path, "web", "serve", "--port", str(port), url=url, changes=changes)
    worker = Process(tmp_path, "worker", "work", url=url, changes=changes)
    with started(web, worker):
        await asyncio.to_thread(web.wait_for, "Listening on")
        await asyncio.to_thread(worker.wait_for, "worker started")
        yield url, web
        print(web.log.read_text()[-6000:], worker.log.read_text()[-3000:])


async def talking(
    url: str, web: Process, speech: bytes, *, hang_up_at_ms: int | None = None
) -> list[asyncio.Task[CallResult]]:
    """People who have the agent in their ear and will speak after it."""
    placed = [
        SimulatedCall(
            base_url=url,
            caller=WavCaller([speech], hang_up_at_ms=hang_up_at_ms),
            to_number=NUMBER,
            from_number=f"+1510555{100 + index:04}",
        )
        for index in range(CALLS)
    ]
    tasks = [asyncio.create_task(call.run()) for call in placed]
    await asyncio.to_thread(web.wait_for, "(?s)" + ".*".join(["stream opened"] * CALLS))
    await asyncio.sleep(1)
    return tasks


async def nothing_is_lost(
    postgres: Postgres,
    results: list[CallResult],
    speech: bytes,
    *,
    end_reason: str = "agent_finished",
    least_lines: int = 4,
) -> None:
    """Each call has its end, its transcript and, as long as it was, its recording."""
    assert {result.answered_by for result in results} == {AnsweredBy.AGENT}
    for result in results:
        assert speech in result.said
        rows = await eventually(
            postgres,
            "SELECT end_reason, r.duration_ms, max(l.end_ms), count(l.id) FROM telephony_call c"
            " JOIN telephony_recording r ON r.call_id = c.id"
            " JOIN telephony_transcriptline l ON l.call_id = c.id"
            " JOIN voicemail_message m ON m.call_id = c.id AND m.stage = 'notified'"
            " WHERE call_sid = %s GROUP BY end_reason, r.duration_ms",
            result.call_sid,
        )
        [(reason, recorded_ms, spoken_until_ms, lines)] = rows
        assert reason == end_reason
        assert lines >= least_lines
        assert recorded_ms >= spoken_until_ms


async def a_new_call_is_taken(url: str) -> None:
    status, document, took_s = await send(url, "incoming", new_call())
    assert (status, b"<Connect" in document) == (200, True)
    assert took_s <= LIMIT_S


async def test_calls_go_on_while_the_database_restarts(postgres, settings, tmp_path, human_speech):
    speech = read_mulaw(human_speech)
    async with installation(postgres, settings, tmp_path, tmp_path / "var") as (url, web):
        calls = await talking(url, web, speech)
        with postgres.stopped():
            await asyncio.sleep(AWAY_S)
        await nothing_is_lost(postgres, await asyncio.gather(*calls), speech)


@pytest.mark.parametrize("outage", ["stopped", "frozen"])
async def test_calls_end_while_the_database_is_away(
    postgres, settings, tmp_path, human_speech, outage
):
    speech = read_mulaw(human_speech)
    async with installation(postgres, settings, tmp_path, tmp_path / "var") as (url, web):
        calls = await talking(url, web, speech, hang_up_at_ms=19_000)
        with getattr(postgres, outage)():
            results = await asyncio.gather(*calls)
            await asyncio.to_thread(web.wait_for, "(?s)" + ".*".join(["stream closed"] * CALLS))
        assert web.log.read_text().count("end of stream incomplete") >= CALLS
        await nothing_is_lost(postgres, results, speech, end_reason="caller_hung_up", least_lines=2)


async def test_calls_go_on_while_the_disk_is_full(postgres, settings, tmp_path, disk, human_speech):
    speech = read_mulaw(human_speech)
    async with installation(postgres, settings, tmp_path, disk) as (url, web):
        calls = await talking(url, web, speech)
        filler = disk / "filler"
        with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))
        await a_new_call_is_taken(url)
        await asyncio.sleep(AWAY_S)
        filler.unlink()
        await nothing_is_lost(postgres, await asyncio.gather(*calls), speech)
        assert "audio could not be written" in web.log.read_text()


@pytest.mark.parametrize("trouble", ["frozen", "killed"])
async def test_calls_and_live_view_go_on_without_redis(
    postgres, settings, tmp_path, human_speech, trouble
):
    speech = read_mulaw(human_speech)
    with private_redis(tmp_path) as redis:
        where = (postgres, settings, tmp_path, tmp_path / "var", redis.url)
        async with installation(*where) as (url, web), watched(url) as view:
            calls = await talking(url, web, speech)
            ours = {f"+1510555{100 + index:04}" for index in range(CALLS)}
            assert len(view.news) == CALLS
            with getattr(redis, trouble)():
                view.news.clear()
                await a_new_call_is_taken(url)
                await asyncio.sleep(AWAY_S)
                assert ours <= await view.callers()
                results = await asyncio.gather(*calls)
                await nothing_is_lost(postgres, results, speech)
                assert view.news == set()
            assert all(prompts.load("greeting_live") in result.heard for result in results)
            assert not any(result.warnings for result in results)
            assert "live news not sent" in web.log.read_text()
