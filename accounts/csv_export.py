"""Lists of the admin as CSV: streamed, and safe to open in a spreadsheet."""

import csv
import io
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, ClassVar

from channels.db import database_sync_to_async
from django.contrib import admin
from django.core.handlers.asgi import ASGIRequest
from django.db.models import Model, QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone

from accounts import audit
from accounts.row_security import staff_scope

ROWS_AT_ONCE = 500
# What begins with these is a formula to Excel, LibreOffice and Google Sheets (OWASP).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(value: object) -> str:
    """A cell that no spreadsheet computes; an apostrophe in front of what it might."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


class ExportsRows(admin.ModelAdmin):  # type: ignore[type-arg]
    """Offers the chosen rows of a list as CSV: `export_columns`, named as in a query."""

    export_columns: ClassVar[Sequence[str]] = ()
    actions = ("export_csv",)

    def has_export_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.export_rows")

    @admin.action(description="Export as CSV", permissions=["export"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Any]) -> StreamingHttpResponse:
        """The chosen rows in the list's order; who took how many is written down."""
        keys = list(queryset.values_list("pk", flat=True))
        named = self.opts.verbose_name if len(keys) == 1 else self.opts.verbose_name_plural
        rows = f"{len(keys)} {named}"
        audit.record(audit.who_acts(request, reason=rows), "exported a list")
        lines = _lines(self.model, keys, self.export_columns)
        body = _in_background(lines) if isinstance(request, ASGIRequest) else lines
        name = f"{self.opts.model_name}-{timezone.localtime():%Y-%m-%d-%H%M}.csv"
        return StreamingHttpResponse(
            body,
            content_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "private, no-store",
            },
        )


def _lines(model: type[Model], keys: Sequence[Any], columns: Sequence[str]) -> Iterator[bytes]:
    """Some hundred rows at a time, each in a scope of its own: the view's has ended."""
    yield _csv([[column.replace("__", " ").replace("_", " ") for column in columns]])
    for start in range(0, len(keys), ROWS_AT_ONCE):
        wanted = keys[start : start + ROWS_AT_ONCE]
        with staff_scope():
            rows = model._default_manager.filter(pk__in=wanted).values_list("pk", *columns)
            found = {key: cells for key, *cells in rows}
        yield _csv([found[key] for key in wanted if key in found])


def _csv(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


async def _in_background(lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The same for an event loop, which does not wait for the database."""
    read = database_sync_to_async(lambda: next(lines, b""))
    while chunk := await read():
        yield chunk
