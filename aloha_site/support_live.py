"""Live calls for staff: who is on the line, and the news that renew the list."""

import asyncio
from collections.abc import AsyncIterator

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, StreamingHttpResponse

from aloha_site.event_stream import (
    AGAIN_MS,
    STREAM_SECONDS,
    event,
    retry_after,
    stream_of,
)
from telephony import draining, live_news

LOOK_SECONDS = 1.0
"""Between two looks at whether the server stops."""


def news(request: HttpRequest) -> StreamingHttpResponse:
    """Tells whenever something happened on a call, of whichever process; no words, no numbers."""
    if not request.user.has_perm("telephony.view_call"):
        raise PermissionDenied
    return stream_of(_events())


async def _events() -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    until = loop.time() + STREAM_SECONDS
    yield retry_after(AGAIN_MS)
    async with live_news.listening(live_news.ALL_CALLS) as listener:
        while loop.time() < until and not draining.here.has_begun:
            heard = await listener.news(within_s=LOOK_SECONDS)
            if heard:
                yield event("news", " ".join(sorted(heard)))
