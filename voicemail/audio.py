"""Audio over HTTP: one range at a time, as players ask for it (RFC 9110, section 14)."""

import logging
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.template import loader

from telephony import audio_storage
from telephony.models import Recording

logger = logging.getLogger(__name__)

RETRY_AFTER_S = 5

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


def audio_response(request: HttpRequest, recording: Recording) -> HttpResponseBase:
    """The recording, or the part of it that the player asks for: 200, 206, 304 or 416.

    404 when its file is gone and 503 while the storage is away, which is known before anything is
    sent. Asks the storage, so the caller is to be in no scope. Raises Http404.
    """
    try:
        response = _answer(request, recording, etag=f'"{recording.sha256}"')
    except FileNotFoundError as error:
        raise Http404 from error
    except OSError as error:
        extra = {"call": str(recording.call_id), "reason": str(error)}
        logger.warning("recording not played", extra=extra)
        page = loader.get_template("503.html").render()
        return HttpResponse(page, status=503, headers={"Retry-After": str(RETRY_AFTER_S)})
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, max-age=0, must-revalidate"
    response["Content-Type"] = "audio/wav"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _answer(request: HttpRequest, recording: Recording, *, etag: str) -> HttpResponseBase:
    """`etag` is the strong validator with its quotes. Raises OSError."""
    size = audio_storage.size_of(recording)
    response: HttpResponseBase
    if request.headers.get("If-None-Match", "") in (etag, "*"):
        response = HttpResponse(status=304)
    else:
        wanted = request.headers.get("Range", "")
        if request.headers.get("If-Range", etag) != etag:
            wanted = ""
        try:
            response = _part(request, recording, requested_span(wanted, size), size)
        except RangeNotSatisfiable:
            response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    response["ETag"] = etag
    return response


def _part(
    request: HttpRequest, recording: Recording, span: Span | None, size: int
) -> HttpResponseBase:
    whole = Span(0, size)
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse()
    else:
        pieces = _Pieces(recording, span or whole)
        is_async = isinstance(request, ASGIRequest)
        response = StreamingHttpResponse(_read_async(pieces) if is_async else pieces)
    if span is not None:
        response.status_code = 206
        last = span.start + span.length - 1
        response["Content-Range"] = f"bytes {span.start}-{last}/{size}"
    response["Content-Length"] = str((span or whole).length)
    return response


class _Pieces(Iterator[bytes]):
    """A part of the file; its first piece is read at once, so that there is no head without it."""

    def __init__(self, recording: Recording, span: Span) -> None:
        """Raises OSError."""
        self._rest = audio_storage.read_part(recording, start=span.start, length=span.length)
        self._first = next(self._rest, b"")

    def __next__(self) -> bytes:
        first, self._first = self._first, b""
        return first or next(self._rest)

    def close(self) -> None:
        """Close the file."""
        self._rest.close()


async def _read_async(pieces: _Pieces) -> AsyncIterator[bytes]:
    """The same for an event loop, which does not wait for the storage."""
    read_piece = sync_to_async(lambda: next(pieces, b""), thread_sensitive=False)
    try:
        while piece := await read_piece():
            yield piece
    finally:
        pieces.close()
