"""The carrier's requests go past what only pages need: sessions, form tokens, log-ins, messages.

Each of those costs a turn of the loop and of a thread, there and back, and the same loop carries
the audio of calls.
"""

from collections.abc import Awaitable, Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.decorators import async_only_middleware

PREFIX = "/api/twilio/"

Response = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


@async_only_middleware
def carrier_lane(get_response: Response) -> Response:
    """A middleware that answers webhooks itself."""

    async def lane(request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX):
            return await get_response(request)
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return await get_response(request)
        if not getattr(match.func, "is_carrier_webhook", False):
            return await get_response(request)
        request.get_host()  # raises DisallowedHost
        request.resolver_match = match
        response: HttpResponseBase = await match.func(request, *match.args, **match.kwargs)
        response.headers["Content-Length"] = str(len(response.content))  # type: ignore[attr-defined]
        return response

    return lane
