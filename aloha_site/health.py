"""Whether the process is alive, and whether it can do its work."""

from concurrent.futures import Future

from django.core.handlers.asgi import ASGIRequest
from django.db import Error, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from telephony import draining
from telephony.daemon_threads import DaemonThreads

LIMIT_S = 2.0
"""Those who ask give up after some seconds, and then learn nothing."""
NO_ANSWER = "The database does not answer."

_asking = DaemonThreads("readiness", limit=1)


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive; asks nothing of the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Ready: it stays, the database answers, its tables are those of this code; else 503."""
    trouble = "The server drains." if draining.here.has_begun else _trouble_in_time(request)
    status, text = (503, trouble) if trouble else (200, "ready")
    return HttpResponse(f"{text}\n", content_type="text/plain", status=status)


def _trouble_in_time(request: HttpRequest) -> str:
    """The same within LIMIT_S; a thread that hangs with the database holds up nobody else."""
    if not isinstance(request, ASGIRequest):
        return database_trouble()  # without an event loop nobody waits beside it
    asked: Future[str] = _asking.submit(_trouble_by_own_connection)
    try:
        return asked.result(LIMIT_S)
    except TimeoutError:
        asked.cancel()
        return NO_ANSWER


def _trouble_by_own_connection() -> str:
    try:
        return database_trouble()
    finally:
        connections.close_all()


def database_trouble() -> str:
    """What keeps the database from being used; empty when nothing does."""
    try:
        return trouble_of_tables()
    except Error:
        return NO_ANSWER


def trouble_of_tables() -> str:
    """What the tables lack of this code's; empty when nothing. Raises django.db.Error."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(missing)} migrations are not applied." if missing else ""
