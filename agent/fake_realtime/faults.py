"""What can go wrong with the stand-in, and when."""

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """Points of a call at which something can break."""

    UPGRADE = "upgrade"  # the HTTP handshake
    OPENING = "opening"  # our configuration has come and is not yet in force
    GREETING = "greeting"  # the first words are on their way
    LISTENING = "listening"  # the caller speaks for the first time
    THINKING = "thinking"  # the first answer to the caller is being made
    REPLYING = "replying"  # its first words are on their way
    GOODBYE = "goodbye"  # an answer that ends the call has begun


class Kind(StrEnum):
    """Ways of failing."""

    REFUSED = "refused"  # the handshake fails with `status`
    NEVER_READY = "never_ready"  # nothing comes from here on, the socket stays open
    SLOW = "slow"  # everything comes `delay_ms` later from here on
    ERROR_EVENT = "error_event"  # an error with `code`, then a close
    QUOTA = "quota"  # answers fail from here on
    CLOSED = "closed"  # a close frame with `close_code`
    ABORTED = "aborted"  # the connection is gone
    EXPIRED = "expired"  # the session's time is over
    GARBAGE = "garbage"  # frames that are no events
    WRONG_FORMAT = "wrong_format"  # our audio format is not taken


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One failure; only the first `sessions` sessions have it, so a second one may work."""

    kind: Kind
    phase: Phase = Phase.OPENING
    status: int = 401
    code: str = "server_error"
    close_code: int = 1011
    delay_ms: int = 5_000
    sessions: int = 1_000_000
