"""Whose rows tests see on PostgreSQL: everybody's, while what is tested must open its own scope.

The threads of the test itself are in a service scope. Requests to the application, and every other
thread and process, begin without any.
"""

import threading

from asgiref.sync import SyncToAsync
from django.db import connection
from psycopg.pq import TransactionStatus

from accounts.row_security import ROLE, USER_ID

_requests = threading.local()


def see_all_rows(*, connection, **kwargs):
    """Receiver of `connection_created`; pooled connections come with what they had before."""
    if connection.vendor == "postgresql":
        _set(connection, _role())


class NoScopeFromTheTest:
    """Middleware: takes the test's own scope away while the application answers."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        _requests.running = True
        _apply()
        try:
            return self.get_response(request)
        finally:
            _requests.running = False
            _apply()


def _apply():
    # A test that allows no database has no connection either.
    is_open = connection.vendor == "postgresql" and connection.connection is not None
    # After an error nothing can be set before the rollback, which takes what was set with it.
    if is_open and connection.connection.info.transaction_status != TransactionStatus.INERROR:
        _set(connection, _role())


def _role():
    """The main thread's, or that of asynchronous tests; served requests and sockets have others."""
    thread = threading.current_thread()
    for_async_tests = f"{SyncToAsync.single_thread_executor._thread_name_prefix}_"
    is_test = thread is threading.main_thread() or thread.name.startswith(for_async_tests)
    return "service" if is_test and not getattr(_requests, "running", False) else ""


def _set(connection, role):
    # Past the wrappers that tests put around queries: this is none of the application's.
    with connection.connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config(%s, %s, false), set_config(%s, '', false)", [ROLE, role, USER_ID]
        )
