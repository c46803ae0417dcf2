"""What the API's long lists have in common: their pages, and how a query is refused."""

from typing import Any
from urllib.parse import urlencode

from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from telephony.api import query_of
from telephony.cursors import Slice
from telephony.errors import BadCursor, BadSearch


def answer_of(request: Request, page: Slice[Any]) -> dict[str, Any]:
    """The rows, and where the list goes on in both directions: path and query, or nothing."""
    return {
        "results": page.rows,
        "next": _address(request, page.older),
        "previous": _address(request, page.newer),
    }


def refused(field: str, error: BadCursor | BadSearch) -> ValidationError:
    """A query of which this field makes no sense."""
    return ValidationError({field: [ErrorDetail(str(error), code=error.code)]})


def _address(request: Request, cursor: str) -> str | None:
    """The same list from this cursor on."""
    if not cursor:
        return None
    query: dict[str, Any] = query_of(request) | {"cursor": cursor}
    return f"{request.path}?{urlencode(query)}"
