"""Whether the process is alive, and whether it can do its work."""

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from telephony import draining


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive; asks nothing of the database."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Ready: it stays, the database answers, its tables are those of this code; else 503."""
    trouble = "The server drains." if draining.here.has_begun else database_trouble()
    status, text = (503, trouble) if trouble else (200, "ready")
    return HttpResponse(f"{text}\n", content_type="text/plain", status=status)


def database_trouble() -> str:
    """What keeps the database from being used; empty when nothing does."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        return "The database does not answer."
    return f"{len(missing)} migrations are not applied." if missing else ""
