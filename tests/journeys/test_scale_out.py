"""Two processes of each role on one database and one Redis: all done, nothing twice."""

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from agent.speech.wav import read_mulaw
from telephony.simulator.callers import WavCaller
from telephony.simulator.carrier import SimulatedCall
from telephony.simulator.result import AnsweredBy
from tests.journeys.test_database_outages import NUMBER, OWNER
from tests.peers.balancer import balanced
from tests.peers.live_view import STAFF, LiveView, watched
from tests.peers.ports import free_port
from tests.peers.postgres import Postgres, private_postgres
from tests.peers.processes import Process, started
from tests.peers.redis import Redis, private_redis

pytestmark = [pytest.mark.check, pytest.mark.P7]

CALLS = 12


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    with private_postgres() as postgres:
        yield postgres


@pytest.fixture
def redis(tmp_path) -> Iterator[Redis]:
    with private_redis(tmp_path) as redis:
        yield redis


async def test_calls_spread_and_every_message_is_handled_once(
    postgres, redis, settings, tmp_path, human_speech
):
    front = free_port()
    ports = {role: [free_port(), free_port()] for role in ("media", "web")}
    settings.PUBLIC_BASE_URL = url = f"http://127.0.0.1:{front}"
    changes = {"DATABASE_URL": postgres.url, "SPOOL_DIR": str(tmp_path / "carrier-spool")}
    changes |= {"AGENT_CALLS_PER_NUMBER": "1000", "ALOHA_VAR_DIR": str(tmp_path / "var")}
    changes |= {"REDIS_URL": redis.url}
    for name, *command in [
        ["migrate", "migrate", "--no-input"],
        ["people", "shell", "-c", OWNER + STAFF],
    ]:
        process = Process(tmp_path, name, *command, url=url, changes=changes)
        assert await asyncio.to_thread(process.popen.wait, 60) == 0, process.log.read_text()
    servers = {
        role: [
            Process(
                tmp_path,
                f"{role}-{port}",
                *("serve", "--role", role, "--port", str(port)),
                url=url,
                changes=changes,
            )
            for port in ports[role]
        ]
        for role in ports
    }
    workers = [
        Process(tmp_path, f"worker-{index}", "work", url=url, changes=changes) for index in (1, 2)
    ]
    paths = {"/api/twilio/voice/": ports["media"], "/": ports["web"]}
    with (
        started(*servers["web"], *servers["media"], *workers),
        balanced(paths, port=front),
    ):
        for process, words in [
            *((server, "Listening on") for each in servers.values() for server in each),
            *((worker, "worker started") for worker in workers),
        ]:
            await asyncio.to_thread(process.wait_for, words)
        speech = read_mulaw(human_speech)
        async with AsyncExitStack() as stack:
            views = [
                await stack.enter_async_context(watched(f"http://127.0.0.1:{port}"))
                for port in ports["web"]
            ]
            calls = [dial(url, speech, index) for index in range(CALLS)]
            talking = asyncio.gather(*[call.run() for call in calls])
            for view in views:
                await sees_all(view)
            results = await talking
            await all_told(postgres)
    assert {result.answered_by for result in results} == {AnsweredBy.AGENT}
    held = [media.log.read_text().count("stream opened") for media in servers["media"]]
    assert sum(held) == CALLS
    assert all(held)
    sids = sorted(result.call_sid for result in results)
    assert [view.news for view in views] == [set(sids)] * 2
    for event in ("message ready", "owner told"):
        done = [calls_with(event, worker) for worker in workers]
        print(event, [len(each) for each in done], "by worker; streams", held, "by server")
        assert sorted(done[0] + done[1]) == sids


def dial(url: str, speech: bytes, index: int) -> SimulatedCall:
    return SimulatedCall(
        base_url=url,
        caller=WavCaller([speech], hang_up_at_ms=9_000),
        to_number=NUMBER,
        from_number=f"+1510555{100 + index:04}",
    )


async def sees_all(view: LiveView) -> None:
    """The calls of both processes stand on one process's list at the same time."""
    seen: set[str] = set()
    deadline = time.monotonic() + 15
    while len(seen) < CALLS:
        assert time.monotonic() < deadline, seen
        await asyncio.sleep(0.2)
        seen = await view.callers()


async def all_told(postgres: Postgres) -> None:
    query = "SELECT count(*) FROM voicemail_message WHERE stage = 'notified'"
    async with asyncio.timeout(60):
        while True:
            [(told,)] = await asyncio.to_thread(postgres.rows, query)
            if told == CALLS:
                return
            await asyncio.sleep(0.2)


def calls_with(event: str, worker: Process) -> list[str]:
    """The calls of all lines that tell this event."""
    return re.findall(rf"{event} .*call_sid=(\w+)", worker.log.read_text())
