"""What is said on a call reaches the database, whole and in order."""

import asyncio
import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from accounts.row_security import in_service_scope, service_scope
from agent.session import Role, TranscriptSource
from telephony import call_events
from telephony.actions import WriteLine
from telephony.journal import RETRY_SECONDS, CallJournal
from telephony.models import Call, TranscriptLine
from telephony.transcript_writer import ROUND_SECONDS, Part, seconds_to_next_round, write_down
from tests.factories import make_call, make_number
from tests.telephony.test_refusing_database import not_migrated_yet


@pytest.fixture
def call(transactional_db, owner) -> Call:
    return make_call(make_number(owner))


def line(text: str, *, start_ms: int = 0) -> WriteLine:
    return WriteLine(
        role=Role.AGENT,
        text=text,
        start_ms=start_ms,
        end_ms=start_ms + 900,
        source=TranscriptSource.SCRIPTED,
    )


@contextlib.asynccontextmanager
async def keeping(journal: CallJournal):
    task = asyncio.create_task(journal.keep())
    yield
    await journal.flushed()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def texts(call: Call) -> list[str]:
    rows = TranscriptLine.objects.filter(call=call).order_by("position")
    return [row.text async for row in rows]


async def being_said(call: Call) -> str:
    return await in_service_scope(call_events.being_said, call.id)


async def test_lines_are_written_in_order(call):
    journal = CallJournal(call)
    async with keeping(journal):
        for text in ("One.", "Two.", "Three."):
            journal.write(line(text))
    assert await texts(call) == ["One.", "Two.", "Three."]


async def test_only_what_is_being_said_last_is_shown(call):
    journal = CallJournal(call)
    async with keeping(journal):
        for text in ("I'll pass it on.", "", "Goodbye."):
            journal.agent_says(text)
    assert await being_said(call) == "Goodbye."


async def test_a_line_that_is_refused_takes_no_other_with_it(call):
    journal = CallJournal(call)  # PostgreSQL refuses the line; SQLite leaves it out by itself
    async with keeping(journal):
        journal.write(line("Before."))
        journal.write(line("Refused.", start_ms=-5_000))
        journal.write(line("Behind."))
        journal.agent_says("Goodbye.")
    assert await texts(call) == ["Before.", "Behind."]
    assert await being_said(call) == "Goodbye."
    assert journal.unwritten() == []


async def test_a_line_that_waits_is_told_of_once(call, caplog):
    journal = CallJournal(call)
    with contextlib.ExitStack() as outage:
        await in_service_scope(outage.enter_context, not_migrated_yet())
        async with keeping(journal):
            journal.write(line("At last."))
            await asyncio.sleep(2.5 * RETRY_SECONDS)
            await in_service_scope(outage.close)
    assert await texts(call) == ["At last."]
    assert caplog.text.count("transcript waits") == 1


async def test_what_comes_together_is_written_together(call):
    journal = CallJournal(call)
    async with keeping(journal):
        await asyncio.sleep(seconds_to_next_round())
        for number in range(5):
            journal.write(line(f"{number}."))
            await asyncio.sleep(ROUND_SECONDS / 50)
        assert await texts(call) == []
        await asyncio.sleep(1.5 * ROUND_SECONDS)
        assert await texts(call) == ["0.", "1.", "2.", "3.", "4."]


async def test_the_end_of_a_call_is_written_without_delay(call):
    journal = CallJournal(call)
    async with keeping(journal):
        await asyncio.sleep(seconds_to_next_round())
        journal.write(line("Goodbye."))
        began = asyncio.get_running_loop().time()
        journal.end()
        await journal.flushed()
    assert asyncio.get_running_loop().time() - began < ROUND_SECONDS / 2


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one lock for all")
def test_a_call_that_ends_while_its_agent_speaks_waits_for_nobody_for_ever(call):
    """Both lock the call first: neither waits for the other's second lock."""
    with service_scope():
        call_events.show_being_said(call.id, "Goodbye.")
    has_locked, may_go_on = threading.Event(), threading.Event()

    def end_call() -> None:
        with service_scope():
            Call.objects.select_for_update().get(id=call.id)
            has_locked.set()
            may_go_on.wait(5)
            call_events.show_being_said(call.id, "")
        connection.close()

    row = TranscriptLine(call_id=call.id, position=0, role="agent", start_ms=0, end_ms=1)

    def write() -> None:
        write_down([Part(call_id=call.id, lines=[row], being_said="")])
        connection.close()

    with ThreadPoolExecutor(2) as threads:
        ending = threads.submit(end_call)
        assert has_locked.wait(5)
        writing = threads.submit(write)
        time.sleep(0.3)  # it has got as far as it gets
        may_go_on.set()
        ending.result(5)
        writing.result(5)
