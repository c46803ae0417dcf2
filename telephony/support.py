"""What staff do about numbers and calls: every act safe to repeat, and written down with it."""

import logging
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts import audit
from accounts.audit import Who
from accounts.row_security import staff_scope
from telephony.backends.base import backend_for_call
from telephony.errors import PurchaseInProgress
from telephony.forwarding_reminders import note_forwarding
from telephony.models import Call, Mover, NumberStatus, Switch, SyncRun, UserPhoneNumber
from telephony.number_handover import ALL_OFF, give_back
from telephony.number_states import NumberChanged, as_it_stands, log_step, step
from telephony.number_sync import sync_numbers

logger = logging.getLogger(__name__)

RELEASED = "released the number"
SYNCED = "compared the numbers with the provider"
FORCED_CLASSIC = "let callers leave messages instead of talking to the agent"
BACK_TO_AGENT = "let the agent take calls again"
STOPPED_CALLING = "stopped outgoing calls"
ALLOWED_CALLING = "allowed outgoing calls again"
ENDED_CALL = "ended the call"

# A form that is sent again within this time is the same act.
SAME_ACT = timedelta(minutes=1)


def release(number: UserPhoneNumber, who: Who) -> UserPhoneNumber:
    """Give an owner's number back; again, it finishes what the provider has left undone.

    Raises PurchaseInProgress.
    """
    if number.status == NumberStatus.PURCHASING:
        raise PurchaseInProgress
    if number.status == NumberStatus.ACTIVE:
        number = _take_out_of_service(number, who)
    if number.status == NumberStatus.RELEASING:
        number = give_back(number, who=Mover.OPERATOR)
    return number


def _take_out_of_service(number: UserPhoneNumber, who: Who) -> UserPhoneNumber:
    try:
        with staff_scope(durable=True):
            note_forwarding(number)
            step(
                number,
                to=NumberStatus.RELEASING,
                from_=NumberStatus.ACTIVE,
                who=Mover.OPERATOR,
                **ALL_OFF,
            )
            audit.record(who, RELEASED, owner=number.user, target=number)
    except NumberChanged:
        return as_it_stands(number)
    log_step(number, to=NumberStatus.RELEASING, from_=NumberStatus.ACTIVE)
    return as_it_stands(number)


def sync_now(who: Who, *, number: UserPhoneNumber | None = None) -> SyncRun:
    """Compare all numbers with the provider's; `number` is the one that gave the occasion."""
    with staff_scope():
        audit.record(who, SYNCED, owner=number.user if number else None, target=number)
    return sync_numbers(dry_run=False, who=Mover.OPERATOR)


def force_classic(number: UserPhoneNumber | None, who: Who, *, until: datetime | None) -> bool:
    """Let classic voicemail take the calls of one number, or of all; False when it does already.

    Calls that an agent holds go on with it.
    """
    switches = Switch.objects.filter(kind=Switch.Kind.AGENT, number=number)
    try:
        with staff_scope(), transaction.atomic():
            switches.filter(until__lte=timezone.now()).delete()
            Switch.objects.create(
                kind=Switch.Kind.AGENT,
                number=number,
                reason=who.reason,
                set_by=who.user,
                until=until,
            )
            audit.record(who, FORCED_CLASSIC, owner=number.user if number else None, target=number)
    except IntegrityError:
        return False
    return True


def back_to_agent(number: UserPhoneNumber | None, who: Who) -> bool:
    """Let the agent take calls again; False when nothing was switched off."""
    with staff_scope():
        deleted, _ = Switch.objects.filter(kind=Switch.Kind.AGENT, number=number).delete()
        if deleted:
            audit.record(who, BACK_TO_AGENT, owner=number.user if number else None, target=number)
    return deleted > 0


def is_forced_classic(number: UserPhoneNumber | None) -> bool:
    """Whether the agent is off for this number itself, or with None for all."""
    off = Switch.objects.filter(kind=Switch.Kind.AGENT, number=number)
    return off.filter(Q(until__isnull=True) | Q(until__gt=timezone.now())).exists()


def allow_calling(switch: Switch, who: Who) -> bool:
    """Let agents call people again; False when they may already."""
    with staff_scope():
        off = Switch.objects.filter(pk=switch.pk, kind=Switch.Kind.OUTBOUND)
        deleted, _ = off.delete()
        if deleted:
            owner = switch.number.user if switch.number else None
            audit.record(who, ALLOWED_CALLING, owner=owner, target=switch.number)
    return deleted > 0


def end_call(call: Call, who: Who) -> bool:
    """Hang a call up; False when it is over already. Raises ProviderError.

    The act is written down before the provider is asked: one that fails was tried.
    """
    with staff_scope():
        call = Call.objects.select_related("owner").select_for_update(of=("self",)).get(pk=call.pk)
        if call.is_final or call.call_sid is None:
            return False
        if not audit.has_just_done(who, ENDED_CALL, target=call, within=SAME_ACT):
            audit.record(who, ENDED_CALL, owner=call.owner, target=call)
    backend_for_call(simulated=call.simulated).end_call(call.call_sid)
    return True
