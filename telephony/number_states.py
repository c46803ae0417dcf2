"""The life of a number: every change of its status goes through `move`."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError
from django.utils import timezone

from accounts.row_security import service_scope
from telephony.errors import AlreadyHasNumber, NumberError, NumberTaken, PurchaseInProgress
from telephony.models import Mover, NumberEvent, NumberStatus, UserPhoneNumber
from telephony.phone_numbers import masked

logger = logging.getLogger(__name__)

LEGAL_MOVES = frozenset(
    {
        (NumberStatus.PURCHASING, NumberStatus.ACTIVE),
        (NumberStatus.PURCHASING, NumberStatus.FAILED),
        (NumberStatus.ACTIVE, NumberStatus.RELEASING),
        (NumberStatus.ACTIVE, NumberStatus.LOST),
        (NumberStatus.LOST, NumberStatus.ACTIVE),
        (NumberStatus.RELEASING, NumberStatus.RELEASED),
    }
)


class NumberChanged(NumberError):
    """Another request has just changed this number; look again."""

    code = "number_changed"
    retryable = True


def move(
    number: UserPhoneNumber,
    *,
    to: NumberStatus,
    from_: NumberStatus,
    who: Mover,
    answer: dict[str, Any] | None = None,
    **fields: Any,
) -> UserPhoneNumber:
    """Change status and `fields` in one committed step; gives the row as it now stands.

    `answer` is what the provider said, kept with the step. Raises NumberChanged when the row
    is no longer in `from_`, and RuntimeError inside another transaction: what the provider did
    must not be rolled back with something else.
    """
    with named_refusals(to), service_scope(durable=True):
        step(number, to=to, from_=from_, who=who, answer=answer, **fields)
        moved = UserPhoneNumber.objects.get(pk=number.pk)
    log_step(number, to=to, from_=from_)
    return moved


def move_once(
    number: UserPhoneNumber, *, to: NumberStatus, from_: NumberStatus, who: Mover, **fields: Any
) -> UserPhoneNumber:
    """As `move`, for steps that two requests may take at once: the later one finds the row."""
    try:
        return move(number, to=to, from_=from_, who=who, **fields)
    except NumberChanged:
        return as_it_stands(number)


def as_it_stands(number: UserPhoneNumber) -> UserPhoneNumber:
    """The row, read again."""
    with service_scope():
        return UserPhoneNumber.objects.get(pk=number.pk)


def step(
    number: UserPhoneNumber,
    *,
    to: NumberStatus,
    from_: NumberStatus,
    who: Mover,
    answer: dict[str, Any] | None = None,
    **fields: Any,
) -> None:
    """Change a row and write the event; the caller owns the transaction."""
    if (from_, to) not in LEGAL_MOVES:
        raise ValueError(f"A number never goes from {from_} to {to}.")
    moved = UserPhoneNumber.objects.filter(pk=number.pk, status=from_).update(
        status=to, updated_at=timezone.now(), sync_attempts=0, sync_after=None, **fields
    )
    if not moved:
        raise NumberChanged
    NumberEvent.objects.create(
        number=number, from_status=from_, to_status=to, who=who, provider_answer=answer or {}
    )


def log_step(number: UserPhoneNumber, *, to: NumberStatus, from_: NumberStatus) -> None:
    """Tell the log of a step that is committed."""
    logger.info(
        "number moved",
        extra={
            "number_id": str(number.pk),
            "number": masked(number.phone_number),
            "from": str(from_),
            "to": str(to),
        },
    )


@contextmanager
def named_refusals(status: NumberStatus) -> Iterator[None]:
    """Turn a broken uniqueness rule, met while writing a row of `status`, into its own error.

    Stands outside the transaction: PostgreSQL ends it with the first broken rule.
    """
    try:
        yield
    except IntegrityError as error:
        match _broken_rule(error, status):
            case "one_live_row_per_number":
                raise NumberTaken from error
            case "one_purchase_per_user" | "one_request_per_idempotency_key":
                raise PurchaseInProgress from error
            case "one_active_number_per_user":
                raise AlreadyHasNumber from error
        raise


def _broken_rule(error: IntegrityError, status: NumberStatus) -> str | None:
    """The broken constraint's name; SQLite tells only the column, which with `status` is enough."""
    diagnosis = getattr(error.__cause__, "diag", None)
    if diagnosis is not None:
        return str(diagnosis.constraint_name)
    if "telephony_idempotencykey.key" in str(error):
        return "one_request_per_idempotency_key"
    if "user_phone_numbers.phone_number" in str(error):
        return "one_live_row_per_number"
    if "user_phone_numbers.user_id" in str(error):
        active = status == NumberStatus.ACTIVE
        return "one_active_number_per_user" if active else "one_purchase_per_user"
    return None
