"""A database that takes nothing in, or is not migrated yet, costs no request and no call's end."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.db.models import Model

from agent.session import CallerStopped
from telephony import kept_endings, request_spool
from telephony.kept_endings import write_down_endings
from telephony.models import Call, TranscriptLine
from telephony.replay import replay_kept_requests
from telephony.spool_rounds import REFUSED_FOR
from tests.factories import make_call, make_number
from tests.peers import puppet_agent
from tests.peers.media_line import MediaLine, stream_url
from tests.telephony.carrier import SID, incoming_form
from tests.telephony.test_kept_endings import ending_of, line_of
from tests.telephony.test_recorded_to_the_end import puppet_opened
from tests.telephony.test_request_spool import ENDED, keep
from tests.telephony.test_stream_handshake import closed, handshake, issue_call

on_postgres = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite names all of this a fault of its own"
)

pytestmark = [pytest.mark.A5, pytest.mark.django_db(transaction=True)]


@contextlib.contextmanager
def read_only() -> Iterator[None]:
    """As after a failover to a standby, or on a provider's full disk."""
    on, off = (
        ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off")
        if connection.vendor == "postgresql"
        else ("PRAGMA query_only = 1", "PRAGMA query_only = 0")
    )
    execute(on)
    try:
        yield
    finally:
        execute(off)


@contextlib.contextmanager
def not_migrated_yet() -> Iterator[None]:
    """Columns that the code knows are not there."""
    columns = [(TranscriptLine, "text"), (Call, "status")]
    for model, name in columns:
        execute(f"ALTER TABLE {model._meta.db_table} RENAME COLUMN {name} TO {name}_later")
    try:
        yield
    finally:
        for model, name in columns:
            execute(f"ALTER TABLE {model._meta.db_table} RENAME COLUMN {name}_later TO {name}")


@contextlib.contextmanager
def refused(change: str, model: type[Model]) -> Iterator[None]:
    """Of all tables this one alone takes no such change."""
    table = model._meta.db_table
    execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'read_only_sql_transaction'; END$$"
    )
    execute(f"CREATE TRIGGER refuse BEFORE {change} ON {table} EXECUTE FUNCTION refuse()")
    try:
        yield
    finally:
        execute("DROP FUNCTION refuse CASCADE")


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def call(owner) -> Call:
    call = make_call(make_number(owner), call_sid=SID)
    keep("status", incoming_form(call.to_number) | ENDED)
    kept_endings.keep(ending_of(call, line_of(call, "Before five.")))
    return call


def waiting() -> list[Path]:
    return [*request_spool.waiting(), *kept_endings.waiting()]


def take_all() -> int:
    return write_down_endings() + replay_kept_requests()


@pytest.mark.parametrize("refusing", [read_only, not_migrated_yet])
def test_what_the_database_refuses_waits(
    call, refusing: Callable[[], contextlib.AbstractContextManager[None]]
):
    kept = waiting()
    with refusing():
        assert take_all() == 0
    assert waiting() == kept
    assert take_all() == 2
    call.refresh_from_db()
    assert (call.status, call.transcript.count()) == ("completed", 1)


@on_postgres
def test_what_the_database_refuses_for_a_day_is_set_aside(call):
    long_ago = time.time() - REFUSED_FOR.total_seconds() - 1
    for file in waiting():
        os.utime(file, (long_ago, long_ago))
    with not_migrated_yet():
        assert take_all() == 2
    assert waiting() == []


@on_postgres
def test_the_others_go_on_meanwhile_and_what_came_later_of_a_call_waits(call, caplog):
    kept_endings.keep(ending_of(call, facts={"barge_ins": 9}))
    other = make_call(call.number)
    kept_endings.keep(ending_of(other))
    with refused("INSERT", TranscriptLine):
        assert write_down_endings() == 1
    other.refresh_from_db()
    call.refresh_from_db()
    assert (other.stream_facts["barge_ins"], call.stream_facts) == (2, {})
    (record,) = (r for r in caplog.records if "wait for the database" in r.message)
    assert record.count == 1


@contextlib.asynccontextmanager
async def meanwhile(refusing: contextlib.AbstractContextManager[None]) -> AsyncIterator[None]:
    await sync_to_async(refusing.__enter__)()
    try:
        yield
    finally:
        await sync_to_async(refusing.__exit__)(None, None, None)


@pytest.fixture
def stream(aloha_url, owner, settings) -> Call:
    """A call that waits for its media stream, and for an agent that does what the test says."""
    settings.AGENT = {"BACKEND": "tests.peers.puppet_agent.PuppetBackend", "OPTIONS": {}}
    puppet_agent.opened.clear()
    return issue_call(owner)


async def let_say(call: Call, said: CallerStopped) -> None:
    """A whole stream in which the caller says this, until its ending was kept."""
    async with MediaLine(stream_url(call)) as line:
        await line.start(call.call_sid)
        (await puppet_opened()).does(said)
        await asyncio.sleep(0.2)
        await line.send({"event": "stop", "streamSid": "", "stop": {}})
        await closed(call)
        async with asyncio.timeout(5):
            while not kept_endings.waiting():  # noqa: ASYNC110  # it is another thread's
                await asyncio.sleep(0.05)


@on_postgres
async def test_what_is_said_to_a_database_that_takes_nothing_in_is_kept(stream):
    async with meanwhile(refused("INSERT", TranscriptLine)):
        await let_say(stream, CallerStopped(start_ms=0, end_ms=20, text="It leaks."))
    assert await sync_to_async(write_down_endings)() == 1
    assert [line.text async for line in stream.transcript.all()] == ["It leaks."]


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="PostgreSQL names it a fault of the line's own"
)
async def test_what_was_not_written_for_a_fault_of_ours_is_kept(stream):
    await let_say(stream, CallerStopped(start_ms=0, end_ms=2**63, text="It leaks."))
    assert "It leaks." in kept_endings.waiting()[0].read_text()


@on_postgres
async def test_a_stream_that_cannot_be_noted_is_closed_cleanly(stream):
    async with (
        meanwhile(refused("UPDATE", Call)),
        asyncio.timeout(3),
        handshake(stream_url(stream)) as socket,
    ):
        await socket.receive()
    assert socket.close_code == 1000  # after which the carrier asks what comes next
