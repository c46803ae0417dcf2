"""Whoever reads slowly keeps no connection to the database.

Django gives a request's connection back once its answer is sent to the end, and a reader may take
her time over it: ten who did had all connections of the process. What may have to wait for its
reader is sent without one; what looks into the database while it is sent opens one for the look.
"""

from collections.abc import Callable

from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import HttpRequest
from django.http.response import HttpResponseBase

AT_ONCE_BYTES = 64 * 1024
"""More than so much waits for the reader: Django hands it on in pieces of that size."""


class NoConnectionWhileSending:
    """A middleware around all that ask the database; runs in the request's thread, as they do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        # The test client of Django reads on in its test's own transaction.
        if isinstance(request, ASGIRequest) and _may_wait(response):
            close_old_connections()
        return response


def _may_wait(response: HttpResponseBase) -> bool:
    return response.streaming or len(getattr(response, "content", b"")) > AT_ONCE_BYTES
