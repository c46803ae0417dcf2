"""Which errors of OpenAI's servers end a call, which a new session mends, which mean nothing.

Pure. The Realtime API and the Live API share them. Errors name themselves in `code` or in `type`,
not always in the same one.
"""

import logging
import re
from enum import Enum, auto

from agent.backends.realtime_events import ErrorDetail
from agent.errors import SessionLost, SessionRefused

logger = logging.getLogger(__name__)

LONGEST_NAME = 40
_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]")


class Severity(Enum):
    """What an error means for the call."""

    BENIGN = auto()  # a race between the server and us, or one thing refused
    BUSY = auto()  # an answer is being made already
    RETRYABLE = auto()  # this session is lost, another may work
    FATAL = auto()  # every session will be refused


FATAL = frozenset(
    {
        "account_deactivated",
        "beta_api_shape_disabled",
        "billing_hard_limit_reached",
        "credit_balance_exhausted",
        "insufficient_quota",
        "invalid_api_key",
        "model_not_found",
    }
)
RETRYABLE = frozenset({"rate_limit_exceeded", "server_error", "session_expired"})
BUSY = "conversation_already_has_active_response"

PROTOCOL_REJECTED = 4000
"""Closes a socket that speaks a protocol the server has given up."""
FATAL_STATUSES = frozenset({400, 401, 403, 404})
"""Of a refused handshake; a wrong key has also been seen to answer 500."""


def severity_of(error: ErrorDetail) -> Severity:
    """What this error means."""
    names = {error.code, error.type}
    if BUSY in names:
        return Severity.BUSY
    if names & FATAL:
        return Severity.FATAL
    return Severity.RETRYABLE if names & RETRYABLE else Severity.BENIGN


def judge(error: ErrorDetail) -> Severity:
    """What this error means to a call. Raises SessionRefused for one that every session meets."""
    severity = severity_of(error)
    logger.info("agent server error", extra={"code": name_of(error)})
    if severity is Severity.FATAL:
        raise SessionRefused(name_of(error))
    return severity


def loss_by(error: ErrorDetail) -> SessionLost:
    """What this error is to a session that is being set up."""
    is_fatal = severity_of(error) is Severity.FATAL
    return (SessionRefused if is_fatal else SessionLost)(name_of(error))


def name_of(error: ErrorDetail | None) -> str:
    """The error's own name, for logs and for the call's record."""
    return _cleaned((error and (error.code or error.type)) or "unknown")


def loss_by_end(reason: str) -> SessionLost:
    """What it is that the server has ended the session, to whoever had no end in mind."""
    is_refused = reason == "content"  # a safety filter: another session would meet it again
    return (SessionRefused if is_refused else SessionLost)(f"session_{_cleaned(reason)}")


def _cleaned(name: str) -> str:
    """A name that the server has chosen, short and of plain letters."""
    return _NO_NAME.sub("_", name[:LONGEST_NAME])
