"""Audio over HTTP: one range at a time, as players ask for it (RFC 9110, section 14)."""

import re
from collections.abc import AsyncIterator, Generator
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db.models.fields.files import FieldFile
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

CHUNK_BYTES = 64 * 1024

_SINGLE_RANGE = re.compile(
    r"bytes[ \t]*=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Span:
    """`length` bytes from `start`."""

    start: int
    length: int


class RangeNotSatisfiable(Exception):
    """The range asked for starts behind the end of the file."""


def requested_span(header: str, size: int) -> Span | None:
    """The part of `size` bytes that a Range header asks for; None means the whole.

    A header that is malformed, of another unit, or names several ranges counts as absent, as
    RFC 9110 allows. Raises RangeNotSatisfiable.
    """
    match = _SINGLE_RANGE.fullmatch(header)
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        if length == 0:
            raise RangeNotSatisfiable
        return Span(size - length, length)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise RangeNotSatisfiable
    end = min(int(last), size - 1) if last else size - 1
    return Span(start, end - start + 1)


def audio_response(request: HttpRequest, stored: FieldFile, *, etag: str) -> HttpResponseBase:
    """The stored audio, or the part of it that the player asks for: 200, 206, 304 or 416.

    `etag` is the strong validator with its quotes. Raises FileNotFoundError.
    """
    size = stored.size
    response: HttpResponseBase
    if request.headers.get("If-None-Match", "") in (etag, "*"):
        response = HttpResponse(status=304)
    else:
        wanted = request.headers.get("Range", "")
        if request.headers.get("If-Range", etag) != etag:
            wanted = ""
        try:
            response = _part(request, stored, requested_span(wanted, size), size)
        except RangeNotSatisfiable:
            response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, max-age=0, must-revalidate"
    response["Content-Type"] = "audio/wav"
    response["ETag"] = etag
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _part(
    request: HttpRequest, stored: FieldFile, span: Span | None, size: int
) -> HttpResponseBase:
    whole = Span(0, size)
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse()
    elif isinstance(request, ASGIRequest):
        response = StreamingHttpResponse(_read_async(stored, span or whole))
    else:
        response = StreamingHttpResponse(_read(stored, span or whole))
    if span is not None:
        response.status_code = 206
        last = span.start + span.length - 1
        response["Content-Range"] = f"bytes {span.start}-{last}/{size}"
    response["Content-Length"] = str((span or whole).length)
    return response


def _read(stored: FieldFile, span: Span) -> Generator[bytes, None, None]:
    with stored.storage.open(str(stored.name), "rb") as file:
        file.seek(span.start)
        left = span.length
        while left and (chunk := file.read(min(CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk


async def _read_async(stored: FieldFile, span: Span) -> AsyncIterator[bytes]:
    """The same for an event loop, which does not wait for the storage."""
    chunks = _read(stored, span)
    read_chunk = sync_to_async(lambda: next(chunks, b""), thread_sensitive=False)
    try:
        while chunk := await read_chunk():
            yield chunk
    finally:
        chunks.close()
