"""What a test call has shown so far; the time is passed in."""

from dataclasses import dataclass
from datetime import datetime

from telephony.models import FINAL_STATUSES, CallStatus
from voicemail.forwarding_models import CheckOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeFacts:
    """What is known of a test call.

    `came_back`: it reached Aloha. `was_answered`: somebody or something took it. `key_pressed` and
    `heard_out`: how our words to whoever took it ended.
    """

    status: CallStatus
    came_back: bool
    was_answered: bool
    key_pressed: bool
    heard_out: bool


def verdict(facts: ProbeFacts, *, now: datetime, deadline_at: datetime) -> CheckOutcome | None:
    """The outcome, None while it is open; after the deadline there always is one.

    A call that comes back proves forwarding, whatever else happened. A person who picks up by
    mistake presses a key or hangs up before the words are over; a machine listens to the end.
    """
    if facts.came_back:
        return CheckOutcome.PROVEN
    if facts.key_pressed:
        return CheckOutcome.PICKED_UP
    if facts.heard_out:
        return CheckOutcome.CARRIER_VOICEMAIL
    is_over = facts.status in FINAL_STATUSES
    if facts.was_answered:
        return CheckOutcome.PICKED_UP if is_over or now >= deadline_at else None
    if facts.status == CallStatus.BUSY:
        return CheckOutcome.DECLINED
    if facts.status == CallStatus.FAILED:
        return CheckOutcome.NOT_PLACED
    return CheckOutcome.NOTHING_CAME if is_over or now >= deadline_at else None
