"""A webhook whose work is late or fails: what goes out instead, when, and what is kept.

The database here is SQLite, or PostgreSQL where the suite runs on it; it is held up by a lock.
"""

import asyncio
import contextlib
import threading
import time
import uuid
from collections.abc import Iterator

import aiohttp
import pytest
from asgiref.sync import sync_to_async
from django.db import connection, transaction
from django.http import QueryDict
from django.utils.http import urlencode

from telephony import request_spool, webhook_runner
from telephony.models import Call, UserPhoneNumber
from telephony.replay import replay_kept_requests
from telephony.signatures import public_url, sign
from telephony.simulator import twiml
from telephony.simulator.verbs import Record
from tests.factories import make_number
from tests.telephony.carrier import FORM, SID, incoming_form

BASE = "/api/twilio/voice/"
LIMIT_S = 3.0
RECORDING = {"RecordingSid": "SIMULATED_RECORDING_" + "b" * 32}

pytestmark = pytest.mark.A5


@pytest.fixture
def number(aloha_url, owner) -> UserPhoneNumber:
    return make_number(owner)


@contextlib.contextmanager
def database_locked() -> Iterator[None]:
    """Somebody writes, and does not end, for as long as the block lasts."""
    locked, over = threading.Event(), threading.Event()

    def hold() -> None:
        with contextlib.closing(connection), transaction.atomic(), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("LOCK TABLE telephony_call, user_phone_numbers")
            else:
                cursor.execute("UPDATE user_phone_numbers SET country = country")
            locked.set()
            over.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    assert locked.wait(10)
    try:
        yield
    finally:
        over.set()
        thread.join()
        wait_for_late_work()


@pytest.fixture
def locked_database(number) -> Iterator[None]:
    with database_locked():
        yield


def wait_for_late_work() -> None:
    """Until every thread is free again: the test's database goes away after it."""
    everybody = threading.Barrier(webhook_runner.THREADS + 1)
    for _ in range(webhook_runner.THREADS):
        webhook_runner.work_threads.submit(lambda: everybody.wait(30))
    everybody.wait(30)


async def send(url: str, step: str, fields: dict[str, str]) -> tuple[int, bytes, float]:
    body = urlencode(fields)
    signature = sign(public_url(BASE + step), QueryDict(body))
    headers = {"Content-Type": FORM, "X-Twilio-Signature": signature}
    begun = time.monotonic()
    async with (
        aiohttp.ClientSession() as session,
        session.post(url + BASE + step, data=body, headers=headers) as answer,
    ):
        return answer.status, await answer.read(), time.monotonic() - begun


def takes_a_message(document: bytes) -> bool:
    return any(isinstance(verb, Record) for verb in twiml.parse(document))


async def test_late_work_is_answered_for_within_the_limit(aloha_url, number, locked_database):
    form = incoming_form(number.phone_number)
    status, document, took_s = await send(aloha_url, "incoming", form)
    assert (status, takes_a_message(document)) == (200, True)
    assert took_s <= LIMIT_S
    assert request_spool.holds(SID)


async def test_after_several_late_answers_nobody_waits(aloha_url, number, locked_database):
    form = incoming_form(number.phone_number)
    await asyncio.gather(*[send(aloha_url, "incoming", form) for _ in range(3)])
    status, document, took_s = await send(aloha_url, "incoming", form)
    assert (status, takes_a_message(document)) == (200, True)
    assert took_s <= webhook_runner.DEADLINE_S / 2


@pytest.mark.check
async def test_more_calls_than_there_are_threads_are_all_answered(
    aloha_url, number, locked_database
):
    forms = [
        incoming_form(number.phone_number, CallSid=f"SIMULATED_CALL_{at:032x}")
        for at in range(3 * webhook_runner.THREADS)
    ]
    answers = await asyncio.gather(*[send(aloha_url, "incoming", form) for form in forms])
    assert all(takes_a_message(document) for _, document, _ in answers)
    assert max(took_s for _, _, took_s in answers) <= LIMIT_S
    assert len(request_spool.waiting()) == len(forms)


@pytest.mark.check
async def test_callbacks_are_accepted_and_kept_behind_their_call(
    aloha_url, number, locked_database
):
    form = incoming_form(number.phone_number)
    await send(aloha_url, "incoming", form)
    ended = form | {"CallStatus": "completed", "CallDuration": "9"}
    status, _, took_s = await send(aloha_url, "status", ended)
    assert status == 204
    assert took_s <= webhook_runner.DEADLINE_S / 2
    assert [request_spool.read(file).path for file in request_spool.waiting()] == [
        f"{BASE}incoming",
        f"{BASE}status",
    ]


@contextlib.contextmanager
def hanging_disk() -> Iterator[None]:
    """All threads that may touch the spool are stuck in it."""
    over = threading.Event()
    stuck = [webhook_runner.spool_threads.submit(over.wait) for _ in range(20)]
    try:
        yield
    finally:
        over.set()
        for each in stuck:
            each.result(30)


async def test_a_disk_that_hangs_holds_up_no_more_than_the_callback_that_asks(aloha_url, number):
    form = incoming_form(number.phone_number)
    ended = form | {"CallStatus": "completed", "CallDuration": "9"}
    with hanging_disk():
        callback = asyncio.create_task(send(aloha_url, "status", ended))
        await asyncio.sleep(webhook_runner.KEEPING_S / 5)
        assert not callback.done()
        answered, document, took_s = await send(aloha_url, "incoming", form)
        status, _, waited_s = await callback
    assert (answered, b"<Connect" in document, took_s <= LIMIT_S) == (200, True, True)
    assert (status, waited_s <= LIMIT_S) == (503, True)


async def test_the_fallback_takes_the_message_and_files_the_call_later(
    aloha_url, number, locked_database
):
    form = incoming_form(number.phone_number, ErrorCode="11200")
    status, document, took_s = await send(aloha_url, "fallback", form)
    assert (status, takes_a_message(document)) == (200, True)
    assert took_s <= webhook_runner.DEADLINE_S / 2
    assert request_spool.holds(SID)


async def test_late_work_and_its_replay_agree(aloha_url, owner, number):
    """The lock ends between deadline and replay: the late work writes its decision first."""
    form = incoming_form(number.phone_number)
    with database_locked():
        _, document, _ = await send(aloha_url, "incoming", form)
    assert takes_a_message(document)
    call = await Call.objects.aget()
    assert call.stream_token
    await sync_to_async(replay_kept_requests)()
    await call.arefresh_from_db()
    assert call.carrier_records
    assert call.carrier_fell_back


async def test_a_callback_that_cannot_be_kept_is_refused_for_now(
    aloha_url, number, locked_database, settings, tmp_path
):
    settings.SPOOL_DIR = tmp_path / "file"
    settings.SPOOL_DIR.write_text("no folder")
    form = incoming_form(number.phone_number, CallStatus="completed")
    status, _, took_s = await send(aloha_url, "status", form)
    assert status == 503
    assert took_s <= LIMIT_S


@pytest.mark.check
async def test_a_caller_is_answered_although_nothing_can_be_kept(
    aloha_url, number, locked_database, settings, tmp_path
):
    settings.SPOOL_DIR = tmp_path / "file"
    settings.SPOOL_DIR.write_text("no folder")
    _, document, took_s = await send(aloha_url, "incoming", incoming_form(number.phone_number))
    assert takes_a_message(document)
    assert took_s <= LIMIT_S


async def test_a_fault_of_ours_takes_a_message_too(aloha_url, number, settings):
    settings.AGENT = {"BACKEND": "nowhere.Backend", "OPTIONS": {}}
    status, document, _ = await send(aloha_url, "incoming", incoming_form(number.phone_number))
    assert (status, takes_a_message(document)) == (200, True)
    assert request_spool.holds(SID)


@pytest.mark.check
async def test_somebody_we_call_is_not_asked_for_a_message(aloha_url, number, locked_database):
    form = incoming_form(number.phone_number, Direction="outbound-api")
    _, document, _ = await send(aloha_url, f"incoming?call={uuid.uuid4()}", form)
    assert document.endswith(
        b"<Response><Say>I'm sorry, I can't talk right now.</Say><Hangup /></Response>"
    )
