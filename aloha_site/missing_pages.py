"""In development too, an address without a page answers as it does in production.

Django's own answer there lists every address, to somebody who has only followed an old link.
"""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from aloha_site.api import not_found


class OurMissingPage:
    """The innermost middleware, so that the page knows who is logged in; out of use elsewhere."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.DEBUG:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == 404 and request.resolver_match is None:
            return not_found(request, Http404())
        return response

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """The answer of a view that has no such row."""
        return not_found(request, exception) if isinstance(exception, Http404) else None
