"""A database that takes nothing in, or is not migrated yet, costs no request and no call's end."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from telephony import kept_endings, request_spool
from telephony.kept_endings import write_down_endings
from telephony.models import Call, TranscriptLine
from telephony.replay import replay_kept_requests
from telephony.spool_rounds import REFUSED_FOR
from tests.factories import make_call, make_number
from tests.telephony.carrier import SID, incoming_form
from tests.telephony.test_kept_endings import ending_of, line_of
from tests.telephony.test_request_spool import ENDED, keep

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
def lines_refused() -> Iterator[None]:
    """Of all tables that of the lines alone takes nothing in."""
    table = TranscriptLine._meta.db_table
    execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'read_only_sql_transaction'; END$$"
    )
    execute(f"CREATE TRIGGER refuse BEFORE INSERT ON {table} EXECUTE FUNCTION refuse()")
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
    with lines_refused():
        assert write_down_endings() == 1
    other.refresh_from_db()
    call.refresh_from_db()
    assert (other.stream_facts["barge_ins"], call.stream_facts) == (2, {})
    (record,) = (r for r in caplog.records if "wait for the database" in r.message)
    assert record.count == 1
