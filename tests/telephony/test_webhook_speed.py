"""What `incoming` costs beside the least that a webhook can do, in one run on PostgreSQL."""

import asyncio
import statistics
import time
import uuid
from collections.abc import Iterator

import aiohttp
import pytest
from django.http import QueryDict
from django.utils.http import urlencode

from telephony.signatures import public_url, sign
from tests.peers.ports import free_port
from tests.peers.postgres import Postgres, private_postgres
from tests.peers.processes import Process, started
from tests.telephony.carrier import FORM, incoming_form

ROUNDS = 7
REQUESTS = 300
AT_ONCE = 16
NUMBERS = [f"+1415555{line:04d}" for line in range(100, 120)]
OWNERS = f"""
from accounts.row_security import service_scope
from tests.factories import make_number, make_user

with service_scope():
    for number in {NUMBERS}:
        make_number(make_user(f"owner{{number}}@example.com"), phone_number=number)
"""

pytestmark = [pytest.mark.soak, pytest.mark.P4]


@pytest.fixture
def postgres() -> Iterator[Postgres]:
    with private_postgres() as postgres:
        yield postgres


@pytest.fixture
def url(postgres, settings, tmp_path) -> Iterator[str]:
    port = free_port()
    settings.PUBLIC_BASE_URL = url = f"http://127.0.0.1:{port}"
    changes = {
        "DATABASE_URL": postgres.url,
        "DJANGO_SETTINGS_MODULE": "tests.peers.bare_settings",
        "AGENT_CALLS_PER_NUMBER": "100000",
        "AGENT_CALLS_AT_ONCE": "100000",
        "LOG_LEVEL": "WARNING",
        "DEBUG": "0",
        "ALOHA_ALLOW_MOCK": "1",
    }
    for name, *command in [["migrate", "migrate", "--no-input"], ["owners", "shell", "-c", OWNERS]]:
        process = Process(tmp_path, name, *command, url=url, changes=changes)
        assert process.popen.wait(60) == 0, process.log.read_text()
    web = Process(tmp_path, "web", "serve", "--port", str(port), url=url, changes=changes)
    with started(web):
        web.wait_for("Listening on")
        yield url


def signed_requests(path: str) -> list[tuple[str, str]]:
    """Bodies with their signatures, each of another call."""
    bodies = [
        urlencode(
            incoming_form(NUMBERS[at % len(NUMBERS)], CallSid=f"SIMULATED_CALL_{uuid.uuid4().hex}")
        )
        for at in range(REQUESTS)
    ]
    return [(body, sign(public_url(path), QueryDict(body))) for body in bodies]


async def requests_per_second(session: aiohttp.ClientSession, path: str, expected: bytes) -> float:
    waiting = signed_requests(path)

    async def caller() -> None:
        while waiting:
            body, signature = waiting.pop()
            headers = {"Content-Type": FORM, "X-Twilio-Signature": signature}
            async with session.post(public_url(path), data=body, headers=headers) as answer:
                assert expected in await answer.read()

    begun = time.monotonic()
    await asyncio.gather(*[caller() for _ in range(AT_ONCE)])
    return REQUESTS / (time.monotonic() - begun)


async def test_incoming_serves_half_as_many_requests_as_a_bare_view(url, postgres):
    ratios = []
    async with aiohttp.ClientSession() as session:
        for _ in range(ROUNDS):
            bare = await requests_per_second(session, "/bare", b"<Record")
            ours = await requests_per_second(session, "/api/twilio/voice/incoming", b"<Connect")
            await asyncio.to_thread(postgres.execute, "TRUNCATE telephony_call CASCADE")
            ratios.append(ours / bare)
            print(f"{bare:.0f} bare, {ours:.0f} ours per second: {ours / bare:.2f}")
    # The first round opens connections and starts threads.
    assert statistics.median(ratios[1:]) >= 0.5
