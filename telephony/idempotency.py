"""Requests that their sender named: sent again, they get the same answer and happen once.

A key is kept in the transaction that reserves the number, or the call, so a crash leaves both or
neither. What is refused before anything was reserved leaves no key, and what the provider refuses
for a moment frees it: the sender may try again with it.
"""

import hashlib
from datetime import timedelta

from django.utils import timezone

from accounts.models import User
from accounts.row_security import service_scope, user_scope
from telephony.errors import IdempotencyKeyReused, NumberError, NumberTaken, ProviderRefused
from telephony.models import Call, IdempotencyKey, NumberStatus, UserPhoneNumber
from telephony.tombstones import tombstone

KEPT = timedelta(hours=48)
MAX_LENGTH = 255

Refusal = NumberTaken | ProviderRefused


def answer_of(*, user: User, key: str, phone_number: str) -> UserPhoneNumber | None:
    """The row that a purchase under this key led to, as it is now; None for a new key.

    Raises IdempotencyKeyReused for another number, and the refusal that the purchase met.
    """
    earlier = (
        IdempotencyKey.objects.select_related("number")
        .filter(owner=user, key=key, created_at__gt=timezone.now() - KEPT)
        .first()
    )
    if earlier is None:
        return None
    if earlier.request_hash != _hash_of(phone_number):
        raise IdempotencyKeyReused
    if earlier.number is None or earlier.number.status == NumberStatus.FAILED:
        raise _refusal_in(earlier)
    return earlier.number


def keep(*, user: User, key: str, number: UserPhoneNumber) -> None:
    """Note that this key led to this row; the caller owns the transaction.

    Raises IntegrityError when another request has just used the key.
    """
    _forget_old(user)
    _row(user, key, number).save(force_insert=True)


def keep_known(*, user: User, key: str, number: UserPhoneNumber) -> None:
    """Let a row that is there already answer for this key, unless the key leads elsewhere."""
    _forget_old(user)
    IdempotencyKey.objects.bulk_create([_row(user, key, number)], ignore_conflicts=True)


def keep_refusal(*, of: UserPhoneNumber | Call, refusal: Refusal) -> None:
    """Note why the request for a row came to nothing, for whoever asks under its key again.

    A refusal that may pass, such as "too busy", frees the key instead.
    """
    is_call = isinstance(of, Call)
    mine = IdempotencyKey.objects.filter(**{"call" if is_call else "number": of})
    owner_id = of.owner_id if isinstance(of, Call) else of.user_id
    with user_scope(owner_id):
        if refusal.retryable:
            mine.delete()
        else:
            mine.update(refusal={"code": refusal.code, "detail": str(refusal)})


def refusal_of_call(earlier: IdempotencyKey) -> ProviderRefused | None:
    """The refusal that a call under this key met, as it was."""
    return _provider_refusal(earlier.refusal) if earlier.refusal else None


def forget(*, call: Call) -> None:
    """The request that led to a call tells nothing of whom it asked for, and is not done again.

    The caller owns the transaction. Twice is once.
    """
    for asked in IdempotencyKey.objects.filter(call=call).exclude(request_hash=""):
        asked.key, asked.request_hash = forgotten(asked.key), ""
        asked.save(update_fields=["key", "request_hash"])


def forgotten(key: str) -> str:
    """What stands in a key's place: its sender may have written a phone number into it."""
    return tombstone(f"key {key}")


def clear_expired() -> None:
    """Delete every owner's keys that answer for nothing any more; safe in any number of workers."""
    with service_scope():
        IdempotencyKey.objects.filter(created_at__lte=timezone.now() - KEPT).delete()


def _refusal_in(earlier: IdempotencyKey) -> NumberError | ProviderRefused:
    """The refusal as it was; a purchase that was settled as failed later on met none."""
    stored = earlier.refusal
    if stored and stored["code"] != NumberTaken.code:
        return _provider_refusal(stored)
    return NumberTaken(stored.get("detail", "This number was not bought. Nothing was charged."))


def _provider_refusal(stored: dict[str, str]) -> ProviderRefused:
    kinds = {kind.code: kind for kind in ProviderRefused.__subclasses__()}
    refusal = kinds.get(stored["code"], ProviderRefused)(stored["detail"])
    refusal.code = stored["code"]
    return refusal


def _forget_old(user: User) -> None:
    old = IdempotencyKey.objects.filter(owner=user, created_at__lte=timezone.now() - KEPT)
    old.delete()


def _row(user: User, key: str, number: UserPhoneNumber) -> IdempotencyKey:
    request_hash = _hash_of(number.phone_number)
    return IdempotencyKey(owner=user, key=key, request_hash=request_hash, number=number)


def _hash_of(phone_number: str) -> str:
    return hashlib.sha256(phone_number.encode()).hexdigest()
