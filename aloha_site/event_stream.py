"""Server-sent events: what a page that stays open is told."""

from collections.abc import AsyncIterator

from django.http import StreamingHttpResponse

STREAM_SECONDS = 25
"""The browser then asks again, with the log-in that it has by then."""
AGAIN_MS = 250


def stream_of(events: AsyncIterator[bytes]) -> StreamingHttpResponse:
    """The answer that tells these events; nobody on the way may keep or collect them."""
    response = StreamingHttpResponse(events, content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


def retry_after(milliseconds: int) -> bytes:
    """When the browser asks again after the stream's end."""
    return f"retry: {milliseconds}\n\n".encode()


def event(kind: str, data: str, *, position: int | None = None) -> bytes:
    """One event; the browser sends the last `position` back when it asks again."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines() or [""])
    head = "" if position is None else f"id: {position}\n"
    return f"{head}event: {kind}\n{lines}\n".encode()
