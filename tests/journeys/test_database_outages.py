"""The database stops, freezes or crawls: callers hear a voice and leave messages, none is lost."""

import asyncio
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack

import aiohttp
import pytest
from django.http import QueryDict
from django.utils.http import urlencode

from agent.speech.wav import read_mulaw
from telephony.signatures import public_url, sign
from telephony.simulator import twiml
from telephony.simulator.callers import WavCaller
from telephony.simulator.carrier import SimulatedCall
from telephony.simulator.result import AnsweredBy
from telephony.simulator.verbs import Record
from tests.peers.ports import free_port
from tests.peers.postgres import Postgres, private_postgres
from tests.peers.processes import Process, started
from tests.telephony.carrier import FORM, incoming_form

NUMBER = "+14155550132"
LIMIT_S = 3.0
BASE = "/api/twilio/voice/"

OWNER = f"""
from accounts.row_security import service_scope
from tests.factories import make_number, make_user
from telephony.models import UserPhoneNumber

with service_scope():
    if not UserPhoneNumber.objects.exists():
        make_number(make_user("owner@example.com", name="Nora"), phone_number="{NUMBER}")
"""

pytestmark = [pytest.mark.check, pytest.mark.A5]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with private_postgres() as postgres:
        yield postgres


@pytest.fixture
def installation(postgres, settings, tmp_path) -> Iterator[str]:
    """A web process and a worker on that database, with one number; the web's address."""
    port = free_port()
    settings.PUBLIC_BASE_URL = url = f"http://127.0.0.1:{port}"
    changes = {"DATABASE_URL": postgres.url, "SPOOL_DIR": str(tmp_path / "carrier-spool")}
    changes |= {"AGENT_CALLS_PER_NUMBER": "1000", "AGENT_CALLS_AT_ONCE": "1000"}
    for name, *command in [["migrate", "migrate", "--no-input"], ["owner", "shell", "-c", OWNER]]:
        process = Process(tmp_path, name, *command, url=url, changes=changes)
        assert process.popen.wait(60) == 0, process.log.read_text()
    web = Process(tmp_path, "web", "serve", "--port", str(port), url=url, changes=changes)
    worker = Process(tmp_path, "worker", "work", url=url, changes=changes)
    with started(web, worker):
        web.wait_for("Listening on")
        worker.wait_for("worker started")
        yield url
    print(web.log.read_text()[-4000:], worker.log.read_text()[-4000:])


async def send(url: str, step: str, fields: dict[str, str]) -> tuple[int, bytes, float]:
    """One signed request of the carrier's: status, body, and how long the answer took."""
    body = urlencode(fields)
    signature = sign(public_url(BASE + step), QueryDict(body))
    headers = {"Content-Type": FORM, "X-Twilio-Signature": signature}
    begun = time.monotonic()
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + BASE + step, data=body, headers=headers) as answer,
    ):
        content = await answer.read()
        return answer.status, content, time.monotonic() - begun


def new_call(**fields: str) -> dict[str, str]:
    return incoming_form(NUMBER, CallSid=f"SIMULATED_CALL_{uuid.uuid4().hex}", **fields)


async def leave_message(url: str) -> str:
    """What the carrier asks in one call whose caller leaves a message; the call's SID."""
    call = new_call()
    status, document, took_s = await send(url, "incoming", call)
    assert status == 200
    assert took_s <= LIMIT_S
    assert any(isinstance(verb, Record) for verb in twiml.parse(document))
    recording = {"RecordingSid": f"SIMULATED_RECORDING_{uuid.uuid4().hex}"}
    for step, fields, expected in [
        ("recording", call | recording | {"RecordingDuration": "3"}, 200),
        ("status", call | {"CallStatus": "completed", "CallDuration": "9"}, 204),
        ("recording", call | recording | {"RecordingStatus": "completed"}, 204),
    ]:
        status, document, took_s = await send(url, step, fields)
        assert status == expected
        assert took_s <= LIMIT_S
        if document:
            twiml.parse(document)
    return call["CallSid"]


async def eventually(postgres: Postgres, query: str, *values: object) -> list[tuple]:
    """The rows, once there are any."""
    async with asyncio.timeout(30):
        while True:
            if rows := await asyncio.to_thread(postgres.rows, query, *values):
                return rows
            await asyncio.sleep(0.1)


async def agent_answers_again(url: str) -> None:
    """Soon after the rest that follows an outage."""
    async with asyncio.timeout(15):
        while True:
            _, document, _ = await send(url, "incoming", new_call())
            if b"<Connect" in document:
                return
            await asyncio.sleep(0.5)


def outage(postgres: Postgres, kind: str) -> ExitStack:
    stack = ExitStack()
    match kind:
        case "stopped":
            stack.enter_context(postgres.stopped())
        case "frozen":
            stack.enter_context(postgres.frozen())
        case "slow":
            stack.enter_context(postgres.slowed(4))
        case "held up":
            stack.enter_context(postgres.held_up())
    return stack


KINDS = ["stopped", "frozen", "slow", "held up"]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_the_carrier_says_meanwhile_stands_in_the_log_afterwards(
    installation, postgres, kind
):
    await agent_answers_again(installation)
    with outage(postgres, kind):
        sids = await asyncio.gather(*[leave_message(installation) for _ in range(12)])
        sids += [await leave_message(installation)]
    for sid in sids:
        rows = await eventually(
            postgres,
            "SELECT duration_s, end_reason, fell.sid IS NOT NULL FROM telephony_call c"
            " LEFT JOIN telephony_carrierrecording fell ON fell.call_id = c.id"
            " WHERE call_sid = %s AND status = 'completed' AND fell.sid IS NOT NULL",
            sid,
        )
        assert rows == [(9, "message_after_failure", True)]
    await agent_answers_again(installation)


@pytest.mark.parametrize("kind", ["stopped", "frozen"])
async def test_the_message_of_a_whole_call_reaches_the_inbox_with_its_audio(
    installation, postgres, kind, human_speech
):
    speech = read_mulaw(human_speech)
    call = SimulatedCall(
        base_url=installation,
        caller=WavCaller([speech]),
        to_number=NUMBER,
        from_number="+15105550147",
    )
    with outage(postgres, kind):
        result = await call.run()
    assert result.answered_by == AnsweredBy.CLASSIC
    assert result.first_audio_ms <= 2_000
    rows = await eventually(
        postgres,
        "SELECT duration_ms FROM telephony_recording r JOIN telephony_call c ON c.id = r.call_id"
        " WHERE c.call_sid = %s",
        result.call_sid,
    )
    assert rows[0][0] >= len(speech) / 8


@pytest.mark.parametrize("outage", ["stopped", "frozen"])
async def test_probes_learn_in_time_that_the_server_is_not_ready(postgres, installation, outage):
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{installation}/readyz") as answer:
            assert answer.status == 200
        with getattr(postgres, outage)():
            for _ in range(2):
                begun = time.monotonic()
                async with session.get(f"{installation}/readyz") as answer:
                    assert answer.status == 503
                assert time.monotonic() - begun <= LIMIT_S
