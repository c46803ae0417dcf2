"""Whose rows the database shows: scopes that PostgreSQL's row level security obeys.

Queries name their owner anyway (`for_user`); this is the second lock, for the query that forgot.
Outside every scope the protected tables look empty. A scope is a database transaction, so nothing
that waits for the network belongs into one. SQLite has no such rules: there a scope is only the
transaction.
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

from channels.db import database_sync_to_async
from django.db import connection, transaction

P = ParamSpec("P")
R = TypeVar("R")

# Settings of the database session that the policies read; see accounts.row_policies.
ROLE = "aloha.role"
USER_ID = "aloha.user_id"

# Whose scope a thread is in; its connection is the thread's own as well.
_current = threading.local()


@contextmanager
def user_scope(user_id: uuid.UUID, *, durable: bool = False) -> Iterator[None]:
    """Only this owner's rows; for pages and for the API."""
    with _scope("user", str(user_id), durable=durable):
        yield


@contextmanager
def service_scope(*, durable: bool = False) -> Iterator[None]:
    """Everybody's rows; for the carrier's requests, the worker and commands."""
    with _scope("service", "", durable=durable):
        yield


@contextmanager
def staff_scope(*, durable: bool = False) -> Iterator[None]:
    """Everybody's rows; for the admin."""
    with _scope("staff", "", durable=durable):
        yield


async def in_service_scope(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run database work of a coroutine in the caller's database thread, in a service scope."""

    def scoped() -> R:
        with service_scope():
            return work(*args, **kwargs)

    result: R = await database_sync_to_async(scoped)()
    return result


@contextmanager
def _scope(role: str, user_id: str, *, durable: bool) -> Iterator[None]:
    """A transaction with these settings; inside another one the settings before it come back.

    Inside its own like it changes nothing. With `durable` raises RuntimeError inside another
    transaction, as `transaction.atomic` does.
    """
    outer = getattr(_current, "identity", None)
    if outer == (role, user_id) and not durable:
        yield
        return
    is_nested = connection.in_atomic_block
    with transaction.atomic(durable=durable):
        is_protected = connection.vendor == "postgresql"
        before = _put(role, user_id) if is_protected else ("", "")
        _current.identity = (role, user_id)
        try:
            yield
        finally:
            _current.identity = outer
        # What ends with an error or a rollback takes its settings back by itself.
        if is_protected and is_nested and not connection.needs_rollback:
            _put(*before)


def _put(role: str, user_id: str) -> tuple[str, str]:
    """Set both for the rest of the transaction; gives what they were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting(%s, true), current_setting(%s, true),"
            " set_config(%s, %s, true), set_config(%s, %s, true)",
            [ROLE, USER_ID, ROLE, role, USER_ID, user_id],
        )
        old_role, old_user_id = cursor.fetchone()[:2]
    return old_role or "", old_user_id or ""
