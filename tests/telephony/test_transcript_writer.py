"""The lines of several calls, written together."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import sync_to_async
from django.db import Error, connection

from accounts.row_security import service_scope
from telephony.call_events import being_said
from telephony.journal import CallJournal
from telephony.models import FINAL_STATUSES, Call, CallEvent, CallStatus, TranscriptLine
from telephony.transcript_writer import THREADS, Part, TranscriptWriter, write_down
from tests.factories import make_call, make_number
from tests.telephony.test_journal import keeping, line, texts

on_postgres = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has one lock for all"
)


@pytest.fixture
def calls(transactional_db, owner) -> list[Call]:
    number = make_number(owner)
    return [make_call(number) for _ in range(3)]


def part_of(call: Call, *texts: str, start_ms: int = 0, said: str | None = None) -> Part:
    lines = [
        TranscriptLine(
            call=call, position=at, role="agent", text=text, start_ms=start_ms, end_ms=start_ms + 9
        )
        for at, text in enumerate(texts)
    ]
    return Part(call_id=call.id, lines=lines, being_said=said)


async def test_each_call_gets_its_own_lines(calls):
    writer = TranscriptWriter()
    await asyncio.gather(*(writer.write(part_of(call, f"{call.id}")) for call in calls))
    assert [line.text async for line in TranscriptLine.objects.all()]
    for call in calls:
        assert [line.text async for line in call.transcript.all()] == [str(call.id)]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite names no transactions")
async def test_what_several_calls_bring_is_one_transaction(calls):
    writer = TranscriptWriter()
    await asyncio.gather(*(writer.write(part_of(call, "Yes.", said="No.")) for call in calls))

    def transactions() -> int:
        with service_scope(), connection.cursor() as cursor:
            cursor.execute("SELECT count(DISTINCT xmin::text) FROM telephony_transcriptline")
            return cursor.fetchone()[0]

    assert await sync_to_async(transactions)() == 1


async def test_one_calls_fault_is_no_other_calls(calls):
    refused, *others = calls
    writer = TranscriptWriter()
    outcomes = await asyncio.gather(
        writer.write(part_of(refused, "Too early.", start_ms=-5_000)),
        *(writer.write(part_of(call, "Yes.", said="And now?")) for call in others),
        return_exceptions=True,
    )
    assert outcomes[1:] == [None, None]
    if connection.vendor == "postgresql":  # SQLite leaves the line out and says nothing
        assert isinstance(outcomes[0], Error)
    assert [line.text async for line in TranscriptLine.objects.all()] == ["Yes.", "Yes."]
    assert await sync_to_async(being_said)(others[0].id) == "And now?"


async def test_what_is_sent_again_stands_there_once(calls):
    writer, part = TranscriptWriter(), part_of(calls[0], "Yes.")
    await writer.write(part)
    await writer.write(part, alone=True)
    assert await calls[0].transcript.acount() == 1


async def test_whoever_stops_waiting_keeps_nobody_from_being_written(calls):
    writer = TranscriptWriter()
    impatient = asyncio.create_task(writer.write(part_of(calls[0], "Gone.")))
    await asyncio.sleep(0)
    patient = asyncio.create_task(writer.write(part_of(calls[1], "Here.")))
    await asyncio.sleep(0)
    impatient.cancel()
    await patient
    assert await calls[1].transcript.acount() == 1


async def test_the_end_of_a_call_waits_for_no_other(calls):
    writer = TranscriptWriter()
    first = asyncio.create_task(writer.write(part_of(calls[0], "Yes.")))
    await asyncio.sleep(0)
    began = asyncio.get_running_loop().time()
    await writer.write(part_of(calls[1], "Goodbye."), at_once=True)
    await first
    assert asyncio.get_running_loop().time() - began < 1


@contextlib.asynccontextmanager
async def locked(*held: Call) -> AsyncIterator[None]:
    """Somebody holds the rows of these calls, and has frozen."""
    holds, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with service_scope():
            list(Call.objects.select_for_update().filter(id__in=[call.id for call in held]))
            holds.set()
            let_go.wait(30)
        connection.close()

    holding = asyncio.create_task(asyncio.to_thread(hold))
    await asyncio.to_thread(holds.wait, 10)
    try:
        yield
    finally:
        let_go.set()
        await holding


async def until_written(call: Call, count: int) -> None:
    async with asyncio.timeout(10):
        while await call.transcript.acount() < count:  # noqa: ASYNC110  # it is a thread's
            await asyncio.sleep(0.05)


@on_postgres
async def test_a_locked_call_holds_up_no_other_calls_lines(calls):
    held, *others = journals = [CallJournal(call) for call in calls]
    async with contextlib.AsyncExitStack() as stack:
        for journal in journals:
            await stack.enter_async_context(keeping(journal))
        async with locked(calls[0]):
            for text in ("One.", "Two."):
                for journal in journals:
                    journal.agent_says(text)
                    journal.write(line(text))
                for call in calls[1:]:
                    await until_written(call, 1 if text == "One." else 2)
            assert await texts(calls[0]) == []
            assert len(held.unwritten()) == 2
            assert [journal.unwritten() for journal in others] == [[], []]
    for call in calls:
        assert await texts(call) == ["One.", "Two."]


@on_postgres
async def test_stuck_transcripts_leave_connections_to_everybody_else(calls):
    def waiting() -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            return cursor.fetchone()[0]

    writer = TranscriptWriter()
    async with locked(*calls):
        stuck = [
            asyncio.create_task(writer.write(part_of(call, "Yes.", said="Yes."), alone=True))
            for call in 3 * calls
        ]
        seen = set()
        for _ in range(8):
            await asyncio.sleep(0.1)
            seen.add(await sync_to_async(waiting)())
        assert max(seen) == THREADS == 2
    await asyncio.gather(*stuck, return_exceptions=True)


@pytest.mark.parametrize("status", sorted(FINAL_STATUSES))
async def test_nothing_is_being_said_in_a_call_that_is_over(calls, status):
    await Call.objects.filter(id=calls[0].id).aupdate(status=status)
    writer = TranscriptWriter()
    late = [part_of(call, "Goodbye.", said="Goodbye.") for call in calls[:2]]
    await asyncio.gather(*(writer.write(part) for part in late))
    assert [event.call_id async for event in CallEvent.objects.all()] == [calls[1].id]
    assert await texts(calls[0]) == ["Goodbye."]


@on_postgres
def test_nothing_is_being_said_in_a_call_that_ends_meanwhile(calls):
    call = calls[0]
    is_under_way = threading.Event()

    def write() -> None:
        is_under_way.set()
        write_down([part_of(call, "Goodbye.", said="Goodbye.")])
        connection.close()

    writing = threading.Thread(target=write)
    with service_scope():
        Call.objects.select_for_update().get(id=call.id)
        writing.start()
        is_under_way.wait(5)
        writing.join(0.3)  # it has got as far as it gets
        Call.objects.filter(id=call.id).update(status=CallStatus.COMPLETED)
    writing.join(5)
    assert call.transcript.count() == 1
    assert not CallEvent.objects.exists()
