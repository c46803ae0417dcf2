"""What a log line may not hold is masked, whoever wrote it: the last processor before rendering.

Our own lines never hold full numbers, tokens or words; the lines of libraries and tracebacks may.
"""

import re
from typing import Any

from django.http import HttpRequest
from structlog.typing import EventDict, WrappedLogger

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# A plus or its escape and digits with the usual marks between; seven bare digits or more that are
# no part of a word or a decimal number; and the North American way of writing.
_NUMBER = (
    r"(?:\+|%2[bB])\d(?:[ ().\-/]{0,2}\d){6,14}"
    r"|(?<![0-9A-Za-z])(?<!\d\.)\d{7,15}(?![0-9A-Za-z])(?!\.\d)"
    r"|(?<![0-9A-Za-z])\(?\d{3}\)?[ .\-]{1,2}\d{3}[ .\-]\d{4}(?![0-9A-Za-z])"
)
_NUMBERS = re.compile(f"(?P<uuid>{_UUID})|(?P<number>{_NUMBER})")
_SECRETS = (
    # The last part of a media socket's address is its token.
    (re.compile(r"(/stream/)[^/?#\s\"'<>,)\\]+"), r"\1…"),
    # Links that reset a password or confirm an address.
    (re.compile(r"(/(?:reset/key|confirm-email)/)[^/?#\s\"'<>,)\\]+"), r"\1…"),
    # A signature: HMAC-SHA1 in base64.
    (re.compile(r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{27}=(?!=)"), "…"),
    # Where PostgreSQL repeats the row or the value it refused.
    (re.compile(r"\b(DETAIL|CONTEXT): [^\n]*(?:\n(?=[ \t]+\S)[^\n]*)*"), r"\1: …"),
)


def mask_secrets(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """A structlog processor: masks numbers, tokens and signatures in every text of the event.

    Expects tracebacks as text already (`structlog.processors.format_exc_info` before it).
    """
    return {key: _masked(value) for key, value in event.items()}


def mask_text(text: str) -> str:
    """Numbers cut to their last four digits; tokens, signatures and refused rows to an ellipsis."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return _NUMBERS.sub(_mask_number, text)


def _mask_number(match: re.Match[str]) -> str:
    if match["uuid"]:
        return match["uuid"]
    digits = re.sub(r"\D", "", match["number"])
    return f"…{digits[-4:]}"


def _masked(value: Any) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return mask_text(value)
        case dict():
            return {_masked(key): _masked(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_masked(inner) for inner in value]
        case HttpRequest():
            # Its own text has the query too, and in that what somebody looks for.
            return mask_text(f"{value.method} {value.path}")
        case _:
            # Exceptions, model rows: what the renderer would write of them.
            return mask_text(repr(value))
