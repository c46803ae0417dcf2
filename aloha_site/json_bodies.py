"""Bodies the API takes: small JSON objects in UTF-8, without the corners of the format."""
# mypy: disallow-subclassing-any=False

import json
from http import HTTPStatus
from typing import Any

from django.utils.http import parse_header_parameters
from rest_framework import exceptions, parsers
from rest_framework.request import Request

# No body of ours holds more than lists of objects.
MAX_DEPTH = 16
CHARSETS = {"utf-8", "utf8", "us-ascii"}


class LengthRequired(exceptions.APIException):
    """A body whose length nobody announced; the framework would take it for none."""

    status_code = HTTPStatus.LENGTH_REQUIRED
    default_detail = "Send the body with a Content-Length."
    default_code = "length_required"


class JSONObjectParser(parsers.JSONParser):
    """Reads one JSON object; everything else is refused with a reason."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Raises ParseError, or UnsupportedMediaType for another charset than UTF-8."""
        _, parameters = parse_header_parameters(media_type or "")
        if parameters.get("charset", "utf-8").lower() not in CHARSETS:
            raise exceptions.UnsupportedMediaType(media_type)
        try:
            text = stream.read().decode()
            body = json.loads(text, object_pairs_hook=_distinct, parse_constant=_no_constant)
            _refuse_odd(body)
        except UnicodeDecodeError as error:
            raise exceptions.ParseError("The body is not UTF-8.") from error
        except RecursionError as error:
            raise exceptions.ParseError("The body is nested too deeply.") from error
        except ValueError as error:
            raise exceptions.ParseError(f"The body is not JSON: {error}.") from error
        if not isinstance(body, dict):
            raise exceptions.ParseError("The body must be a JSON object.")
        return body


def refuse_other_bodies(request: Request) -> None:
    """Raise UnsupportedMediaType for a body that is no JSON, LengthRequired for a stream."""
    length = request.headers.get("Content-Length", "")
    if "Transfer-Encoding" in request.headers and not length:
        raise LengthRequired
    media_type, _ = parse_header_parameters(request.headers.get("Content-Type", ""))
    if length not in {"", "0"} and media_type != JSONObjectParser.media_type:
        raise exceptions.UnsupportedMediaType(media_type)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Readers of JSON disagree on which of two equal names counts."""
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _refuse_odd(value: Any, depth: int = 0) -> None:
    """Half a surrogate pair is no text: it can be neither stored nor written back."""
    if depth > MAX_DEPTH:
        raise RecursionError
    match value:
        case str():
            if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
                raise ValueError("half a surrogate pair is no text")
        case dict():
            for name, each in value.items():
                _refuse_odd(name, depth + 1)
                _refuse_odd(each, depth + 1)
        case list():
            for each in value:
                _refuse_odd(each, depth + 1)
