"""Putting a number into service and taking one out, with what the provider has to do for it."""

import logging
from typing import Any

from accounts.row_security import service_scope
from telephony.backends.base import TelephonyBackend, backend_for_call, get_backend
from telephony.errors import ProviderError
from telephony.forwarding_reminders import note_forwarding
from telephony.models import Mover, NumberStatus, UserPhoneNumber, VoicemailMode
from telephony.number_setup import row_of
from telephony.number_states import (
    as_it_stands,
    log_step,
    move_once,
    named_refusals,
    step,
)

logger = logging.getLogger(__name__)

ALL_OFF: dict[str, Any] = {
    "voicemail_enabled": False,
    "voicemail_mode": VoicemailMode.NONE,
    "forwarding_enabled": False,
    "forwarding_confirmed": False,
    "forwarding_verified_at": None,
}
# What a new number takes over. That the owner's phone forwards to it is neither said nor proven.
_COPIED = (
    "voicemail_enabled",
    "voicemail_mode",
    "external_phone_number",
    "forwarding_enabled",
)


def seen_at_provider(sid: str) -> dict[str, Any]:
    """What a number's history keeps of its place at the provider."""
    return {"sid": sid, "account": get_backend().account}


def put_into_service(number: UserPhoneNumber, *, sid: str, who: Mover) -> UserPhoneNumber:
    """Make a bought number the owner's active one; an active one before it is given back.

    Both switch in one transaction, so callers never reach two numbers. A crash before the old
    one is deleted leaves it `releasing`, and `syncnumbers` deletes it. Raises NumberChanged.
    """
    with named_refusals(NumberStatus.ACTIVE), service_scope(durable=True):
        mine = UserPhoneNumber.objects.for_user(number.user).active()
        old = mine.select_for_update().first()
        copied: dict[str, Any] = {name: getattr(old, name) for name in _COPIED} if old else {}
        if old:
            note_forwarding(old)
            step(old, to=NumberStatus.RELEASING, from_=NumberStatus.ACTIVE, who=who, **ALL_OFF)
        step(
            number,
            to=NumberStatus.ACTIVE,
            from_=NumberStatus.PURCHASING,
            who=who,
            answer=seen_at_provider(sid),
            twilio_phone_sid=sid,
            **copied,
        )
    log_step(number, to=NumberStatus.ACTIVE, from_=NumberStatus.PURCHASING)
    if old:
        log_step(old, to=NumberStatus.RELEASING, from_=NumberStatus.ACTIVE)
        give_back(old, who=who)
    return as_it_stands(number)


def give_back(
    number: UserPhoneNumber, *, who: Mover, accept_losses: bool = False
) -> UserPhoneNumber:
    """Let the provider delete a `releasing` number; it stays so when the provider cannot.

    It also stays so where the provider does not know it and may be asked for another account
    than the number's own, unless `accept_losses` says that it is gone.
    """
    backend = backend_for_call(simulated=number.is_simulated)
    try:
        is_over = backend.release_number(number.twilio_phone_sid)
        is_over = is_over or accept_losses or _is_from(backend, number)
    except ProviderError as error:
        logger.error(
            "number not given back", extra={"number_id": str(number.pk), "code": error.code}
        )
        return as_it_stands(number)
    if not is_over:
        logger.error("number not given back: other account", extra={"number_id": str(number.pk)})
        return as_it_stands(number)
    return move_once(number, to=NumberStatus.RELEASED, from_=NumberStatus.RELEASING, who=who)


def _is_from(backend: TelephonyBackend, number: UserPhoneNumber) -> bool:
    """Whether the number was in the account that we ask now. Raises ProviderError.

    Numbers from before that was noted are taken for an account's that has another one of ours.
    """
    with service_scope():
        answers = list(number.events.values_list("provider_answer", flat=True))
    accounts = {answer["account"] for answer in answers if "account" in answer}
    if accounts:
        return backend.account in accounts
    return any(row_of(listed.tag) for listed in backend.list_numbers())
