"""How things stand with an owner's forwarding, in one line: her word, the proof, or what is wrong.

Her word and the proof are never the same state: one is said, the other was seen.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils import timezone
from django.utils.formats import date_format

from telephony.models import UserPhoneNumber
from voicemail.forwarding_models import (
    FAILED_OUTCOMES,
    CheckOutcome,
    ForwardingCheck,
)
from voicemail.own_phone import PhoneCodes, codes_of, own_phone

SET_UP, CHECK, CHECK_AGAIN = "How do I set this up?", "Check now", "Check again"


class ForwardingState(StrEnum):
    """The states; also the name of the icon and of the colours."""

    OFF = "off"
    NOT_CONFIRMED = "not_confirmed"
    MARKED = "marked"
    CHECKING = "checking"
    PROVEN = "proven"
    QUIET = "quiet"
    KEPT_BY_CARRIER = "kept_by_carrier"
    NOT_BACK = "not_back"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusLine:
    """The line on the settings card; `code` is dialled first where a sentence names one.

    `action` leads to `step` of the wizard.
    """

    state: ForwardingState
    title: str
    text: str
    action: str
    step: str
    code: str = ""


def status_line(number: UserPhoneNumber) -> StatusLine:
    """How this number's forwarding stands."""
    codes = codes_of(number)
    check = ForwardingCheck.objects.of_phone(number).select_related("probe").first()
    state = _state(number, check, asked_at=own_phone(number.user_id).asked_to_check_at)
    return _in_words(state, number, codes)


def _state(
    number: UserPhoneNumber, check: ForwardingCheck | None, *, asked_at: datetime | None
) -> ForwardingState:
    proven_at = number.forwarding_verified_at
    if not number.forwarding_enabled:
        return ForwardingState.OFF
    if check is not None and check.is_running:
        return ForwardingState.CHECKING
    if proven_at is not None:
        has_asked = asked_at is not None and asked_at > proven_at
        return ForwardingState.QUIET if has_asked else ForwardingState.PROVEN
    failed = _last_failure(number)
    if failed is not None and failed.outcome == CheckOutcome.CARRIER_VOICEMAIL:
        return ForwardingState.KEPT_BY_CARRIER
    if failed is not None:
        return ForwardingState.STOPPED if failed.proven_before_at else ForwardingState.NOT_BACK
    return ForwardingState.MARKED if number.forwarding_confirmed else ForwardingState.NOT_CONFIRMED


def _last_failure(number: UserPhoneNumber) -> ForwardingCheck | None:
    """The last test that told something, if it told that forwarding does not work."""
    telling = (*FAILED_OUTCOMES, CheckOutcome.PROVEN)
    last = ForwardingCheck.objects.of_phone(number).filter(outcome__in=telling).first()
    return last if last is not None and last.outcome in FAILED_OUTCOMES else None


def _in_words(
    state: ForwardingState,
    number: UserPhoneNumber,
    codes: PhoneCodes,
) -> StatusLine:
    failed = _last_failure(number)
    undo = codes.cancel[0] if codes.cancel else ""
    failed_at = _day(failed.finished_at if failed else None)
    words = {
        ForwardingState.OFF: ("Call forwarding is off", "", SET_UP, "code"),
        ForwardingState.NOT_CONFIRMED: (
            "Forwarding not yet confirmed",
            "Dial the code, then tell us.",
            SET_UP,
            "",
        ),
        ForwardingState.MARKED: (
            "Forwarding marked as set up",
            "Your word; not tested yet.",
            CHECK,
            "proof",
        ),
        ForwardingState.CHECKING: (
            "Checking now",
            "Don't pick up. Let it ring.",
            "Show steps",
            "proof",
        ),
        ForwardingState.PROVEN: (
            f"Proven on {moment(number.forwarding_verified_at)}",
            "Each forwarded call renews this.",
            CHECK_AGAIN,
            "proof",
        ),
        ForwardingState.QUIET: (
            f"No forwarded call since {_day(number.forwarding_verified_at)}",
            "It may have stopped without a word. A test call tells.",
            CHECK,
            "proof",
        ),
        ForwardingState.KEPT_BY_CARRIER: (
            f"{possessive(codes.carrier.name)} voicemail answered",
            "then the code again." if undo else "Ask your carrier to switch its voicemail off.",
            CHECK_AGAIN,
            "proof",
        ),
        ForwardingState.NOT_BACK: (
            "The test call did not come back",
            "Dial the code once more, then check again.",
            "Show the code",
            "code",
        ),
        ForwardingState.STOPPED: (
            f"Forwarding stopped working on {failed_at}",
            "New phone or SIM? Dial the code once more.",
            "Show the code",
            "code",
        ),
    }
    title, text, action, step = words[state]
    code = undo if state is ForwardingState.KEPT_BY_CARRIER else ""
    return StatusLine(state=state, title=title, text=text, action=action, step=step, code=code)


def possessive(carrier_name: str) -> str:
    """`T-Mobile's`; a carrier without a name is hers."""
    return "Your carrier's" if carrier_name == "Another carrier" else f"{carrier_name}'s"


def moment(at: datetime | None) -> str:
    """`22 Nov, 14:02` in the owner's zone."""
    return date_format(timezone.localtime(at), "j M, H:i") if at else ""


def _day(at: datetime | None) -> str:
    return date_format(timezone.localtime(at), "j M") if at else ""
