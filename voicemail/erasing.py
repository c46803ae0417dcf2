"""Forgetting: a message, everything about one caller, an owner; and what has been kept enough.

All of it is work for the worker: rows say what is to be forgotten, every step may run twice, and
a carrier that does not answer is asked again.
"""

import logging
from datetime import timedelta

from django.contrib.admin.models import LogEntry
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import housekeeping
from accounts.models import User
from accounts.row_security import service_scope
from telephony import do_not_call, idempotency, numbers
from telephony import erasing as telephony_erasing
from telephony.models import (
    Call,
    CallPurpose,
    Direction,
    ForwardingReminder,
    NumberStatus,
)
from voicemail.errors import NotYetErased
from voicemail.forwarding_models import ForwardingCheck
from voicemail.message_erasing import erase_message
from voicemail.models import PREPARED_STAGES, Contact, Erasure, Message
from voicemail.outdated import erase_deleted_messages, erase_what_came_late, erase_what_is_old
from voicemail.release_mail import send_reminders

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
RETRY_AFTER = timedelta(seconds=30)
MAX_RETRY_AFTER = timedelta(hours=1)
# A mail server that stays away for an hour does not keep an owner's data.
MAIL_ATTEMPTS = 7
# Within two hours a message is prepared or given up; one that always fails is erased all the same.
PREPARED_WITHIN = timedelta(hours=3)


def keep_house() -> None:
    """All chores of forgetting; safe to run in any number of workers.

    None keeps another from being done: what failed is raised at the end, as an ExceptionGroup.
    """
    failed = []
    for chore in (
        erase_deleted_messages,
        erase_what_came_late,
        erase_what_is_old,
        housekeeping.clear_expired,
        idempotency.clear_expired,
        carry_out_wishes,
    ):
        try:
            chore()
        except Exception as error:
            failed.append(error)
    if failed:
        raise ExceptionGroup("Not all chores of forgetting were done.", failed)


def forget_caller(*, owner: User, phone_number: str) -> Erasure:
    """Have everything about one caller erased: messages, audio, the number in the call log.

    The messages are out of the inbox at once. Asked again meanwhile, it is the same wish.
    """
    now = timezone.now()
    Message.objects.for_user(owner).filter(call__from_number=phone_number).update(deleted_at=now)
    Contact.objects.filter(owner=owner, phone_number=phone_number).delete()
    return _wish(owner, phone_number)


def close_account(*, owner: User) -> Erasure:
    """Have an owner erased. From now on she can log in no more, and her number answers nobody."""
    User.objects.filter(pk=owner.pk).update(is_active=False)
    return _wish(owner, "")


def _wish(owner: User, phone_number: str) -> Erasure:
    with transaction.atomic():
        Erasure.objects.bulk_create(
            [Erasure(owner=owner, phone_number=phone_number)], ignore_conflicts=True
        )
        open_ones = Erasure.objects.filter(owner=owner, done_at__isnull=True)
        return open_ones.get(phone_number=phone_number)


def carry_out_wishes() -> None:
    """Forget whom somebody wished forgotten; safe to run in any number of workers."""
    while (erasure := _claim()) is not None:
        _carry_out(erasure)


def _claim() -> Erasure | None:
    now = timezone.now()
    with service_scope():
        due = (
            Erasure.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("owner")
            .filter(
                # Beyond the longest wait: written by a clock that was ahead.
                Q(next_step_at__lte=now) | Q(next_step_at__gt=now + MAX_RETRY_AFTER),
                done_at__isnull=True,
            )
            .order_by("next_step_at")
            .first()
        )
        if due is not None:
            due.next_step_at = now + LEASE
            due.save(update_fields=["next_step_at"])
        return due


def _carry_out(erasure: Erasure) -> None:
    try:
        if erasure.phone_number:
            _erase_caller(erasure.owner, erasure.phone_number)
        else:
            _erase_owner(erasure.owner, attempts=erasure.attempts)
    except Exception as error:
        # The outermost loop of one wish: whatever it is, the others go on.
        logger.exception("erasure not done", extra={"erasure": str(erasure.pk)})
        wait = min(RETRY_AFTER * (1 << min(erasure.attempts, 10)), MAX_RETRY_AFTER)
        reason = f"{type(error).__name__}: {getattr(error, 'code', '')}"
        changes = {"next_step_at": timezone.now() + wait, "attempts": erasure.attempts + 1}
        with service_scope():
            Erasure.objects.filter(pk=erasure.pk).update(**changes, last_error=reason)
    else:
        with service_scope():
            Erasure.objects.filter(pk=erasure.pk).update(
                done_at=timezone.now(), phone_number="", last_error=""
            )
        logger.info("erasure done", extra={"erasure": str(erasure.pk)})


def _erase_caller(owner: User, phone_number: str) -> None:
    """What is over goes at once. Raises NotYetErased when something is still to come."""
    do_not_call.forget(owner=owner, phone_number=phone_number)
    is_all = True
    for call in telephony_erasing.calls_with(owner, phone_number):
        with service_scope():
            message = Message.objects.select_related("call").filter(call=call).first()
        if _has_more_to_come(call, message):
            is_all = False
            continue
        if message is not None:
            erase_message(message)
        else:
            telephony_erasing.erase_audio(call)
            telephony_erasing.erase_words(call)
        # Last: by the number the call is found again after a crash.
        telephony_erasing.erase_caller(call)
    if not is_all:
        raise NotYetErased("A call is still running, or its message is being prepared.")


def _has_more_to_come(call: Call, message: Message | None) -> bool:
    """Whether words or audio of the call may be written down after they were erased."""
    if call.ended_at is None or _is_to_be_written_down(call):
        return True
    if timezone.now() - call.ended_at > PREPARED_WITHIN:
        return False
    if call.direction != Direction.INBOUND or call.purpose != CallPurpose.CONVERSATION:
        return timedelta(0) <= timezone.now() - call.ended_at < telephony_erasing.SETTLES_WITHIN
    if message is None:
        return True
    return not message.erased_at and message.stage not in PREPARED_STAGES


def _is_to_be_written_down(call: Call) -> bool:
    """Whether something waits on the disk that names, say, a recording at the carrier."""
    over = timezone.now() - PREPARED_WITHIN
    is_recent = call.ended_at is None or call.ended_at >= over
    return is_recent and telephony_erasing.is_kept(call)


def _is_to_be_announced(call: Call) -> bool:
    """Whether the carrier may still tell of a recording; whoever hung up left none, and no word."""
    ended_at = call.ended_at or timezone.now()
    is_recent = timedelta(0) <= timezone.now() - ended_at < PREPARED_WITHIN
    return is_recent and telephony_erasing.may_be_announced(call)


def _erase_owner(owner: User, *, attempts: int) -> None:
    """Number first, then what is at the carrier, then files, then rows, then the name."""
    _release_numbers(owner)
    _tell_of_forwarding(owner, give_up=attempts >= MAIL_ATTEMPTS)
    if telephony_erasing.is_on_the_phone(owner):
        raise NotYetErased("A call is still running, or has ended just now.")
    with service_scope():
        calls = list(Call.objects.for_user(owner))
    for call in calls:
        if _is_to_be_written_down(call):
            raise NotYetErased("What was reported of a call is not written down yet.")
        if _is_to_be_announced(call):
            # Without its call's row nobody would know of it, and it would stay with the carrier.
            raise NotYetErased("The carrier has not said what it recorded of a call.")
        telephony_erasing.erase_audio(call)
        telephony_erasing.erase_kept(call)
    with service_scope():
        # The row that a purchase locks first: there is none, or it is seen here.
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        if telephony_erasing.live_numbers(owner):
            raise NotYetErased("A number was taken meanwhile.")
        Message.objects.filter(owner=owner).delete()
        ForwardingCheck.objects.filter(number__user=owner).delete()
        telephony_erasing.erase_calls(owner)
        telephony_erasing.bury_numbers(owner)
        _erase_rows_of(owner)
        _bury(owner)


def _release_numbers(owner: User) -> None:
    """Nothing is erased before the provider has confirmed that nothing is charged any more."""
    if telephony_erasing.live_numbers(owner):
        number = numbers.release_number(user=owner)
        if number.status != NumberStatus.RELEASED or telephony_erasing.live_numbers(owner):
            raise NotYetErased("The number is not given back yet.")


def _tell_of_forwarding(owner: User, *, give_up: bool) -> None:
    """While her address is known: her phone goes on forwarding to a number that is not hers."""
    send_reminders()
    untold = ForwardingReminder.objects.filter(number__user=owner, sent_at__isnull=True)
    with service_scope():
        if untold.exists() and not give_up:
            raise NotYetErased("The owner is not told yet that her phone still forwards.")


def _erase_rows_of(owner: User) -> None:
    """Every row that would go with the owner: profile, addresses, factors, contacts, wishes."""
    housekeeping.end_sessions_of(owner)
    for relation in User._meta.related_objects:
        if getattr(relation, "on_delete", None) is models.CASCADE:
            rows = relation.related_model._base_manager.filter(**{relation.field.name: owner})
            rows.delete()
    LogEntry.objects.filter(object_id=str(owner.pk)).update(object_repr="erased")


def _bury(owner: User) -> None:
    owner.email = f"erased-{owner.pk}@erased.invalid"
    owner.name, owner.time_zone = "", "UTC"
    owner.is_active = owner.is_staff = owner.is_superuser = False
    owner.last_login = None
    owner.groups.clear()
    owner.user_permissions.clear()
    owner.set_unusable_password()
    owner.save()
