"""Proving that an owner's phone forwards to her number: we ring it, and the call must come to us.

Which side is written first: the rows of a test and its call, then the provider is asked. A crash in
between leaves a test that never rang, and its deadline ends it.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts.row_security import service_scope, user_scope
from telephony import probes, usage
from telephony.call_events import EventKind
from telephony.errors import ProviderRefused
from telephony.models import Call, CallStatus, UserPhoneNumber
from telephony.simulator.phones import SimulatedPhone
from voicemail.errors import CheckRunning, NothingToCheck
from voicemail.forwarding_models import (
    FAILED_OUTCOMES,
    CheckOutcome,
    ForwardingCheck,
    OwnPhone,
)
from voicemail.forwarding_verdict import ProbeFacts, verdict

logger = logging.getLogger(__name__)

LIMIT = "forwarding_check"
# The phone rings for RING_S; the rest is for the carrier's last word and for what is said to
# whoever picked up at the last moment.
DEADLINE = timedelta(seconds=probes.RING_S + 25)


def start_check(*, number: UserPhoneNumber, now: datetime) -> ForwardingCheck:
    """Ring the owner's own phone; she should let it ring. No transaction may be open.

    Raises NothingToCheck, CheckRunning, RateLimited, and ProviderRefused when the provider does
    not call; the test is finished then.
    """
    if not number.forwarding_enabled or not number.external_phone_number:
        raise NothingToCheck
    with user_scope(number.user_id):
        if ForwardingCheck.objects.filter(number=number).running().exists():
            raise CheckRunning
    usage.take(LIMIT, subject=str(number.user_id), limit=settings.FORWARDING_CHECKS_PER_HOUR)
    check, simulated_phone = _open_check(number, now)
    logger.info("forwarding check started", extra={"check": str(check.pk)})
    try:
        probes.place_probe(check.probe, simulated_phone=simulated_phone)
    except ProviderRefused as error:
        with user_scope(number.user_id):
            _finish(check, CheckOutcome.NOT_PLACED, now=now, refusal=str(error)[:300])
        raise
    with user_scope(number.user_id):
        check.probe.refresh_from_db()
    return check


def _open_check(number: UserPhoneNumber, now: datetime) -> tuple[ForwardingCheck, str]:
    phone_number = number.external_phone_number or ""
    try:
        with user_scope(number.user_id, durable=True):
            phone = OwnPhone.objects.filter(user_id=number.user_id).first()
            check = ForwardingCheck.objects.create(
                number=number,
                phone_number=phone_number,
                probe=probes.new_probe(number=number, to=phone_number, now=now),
                started_at=now,
                deadline_at=now + DEADLINE,
            )
    except IntegrityError as error:
        raise CheckRunning from error
    return check, (phone and phone.simulated_phone) or SimulatedPhone.FORWARDS.value


def stop_check(*, number: UserPhoneNumber, now: datetime) -> None:
    """End a running test; without one nothing happens. No transaction may be open."""
    with user_scope(number.user_id):
        check = ForwardingCheck.objects.filter(number=number).running().first()
        stopped = check is not None and _finish(check, CheckOutcome.STOPPED, now=now)
    if check is not None and stopped:
        probes.end_probe(check.probe_id)


def settle_checks(*, now: datetime) -> int:
    """The worker's chore: decide the tests that can be decided; how many there were."""
    with service_scope():
        running = list(
            ForwardingCheck.objects.running().select_related("probe", "number").order_by("pk")
        )
    return sum(_settle(check, now=now) for check in running)


def _settle(check: ForwardingCheck, *, now: datetime) -> bool:
    with service_scope():
        outcome = verdict(facts_of(check.probe), now=now, deadline_at=check.deadline_at)
        if outcome is None or not _finish(check, outcome, now=now):
            return False
    # Outside: the phone stops ringing once all is known. What fails here ends with the ring time.
    probes.end_probe(check.probe_id)
    return True


def facts_of(probe: Call) -> ProbeFacts:
    """What the carrier's requests about a test call add up to."""
    kinds = set(probe.events.values_list("kind", flat=True))
    return ProbeFacts(
        status=CallStatus(probe.status),
        came_back=EventKind.PROBE_CAME_BACK in kinds,
        was_answered=EventKind.PROBE_ANSWERED in kinds or probe.answered_at is not None,
        key_pressed=EventKind.PROBE_KEY_PRESSED in kinds,
        heard_out=EventKind.PROBE_HEARD_OUT in kinds,
    )


def _finish(
    check: ForwardingCheck, outcome: CheckOutcome, *, now: datetime, refusal: str = ""
) -> bool:
    """Write the outcome and what it means for the number; False when somebody was faster."""
    with transaction.atomic():
        number = UserPhoneNumber.objects.select_for_update().get(pk=check.number_id)
        came_back = check.probe.events.filter(kind=EventKind.PROBE_CAME_BACK).first()
        finished = (
            ForwardingCheck.objects.filter(pk=check.pk)
            .running()
            .update(
                outcome=outcome,
                finished_at=now,
                refusal=refusal,
                came_back_at=came_back and came_back.received_at,
                proven_before_at=number.forwarding_verified_at,
            )
        )
        if not finished:
            return False
        _mark(number, check, outcome, now=now)
    logger.info(
        "forwarding check finished", extra={"check": str(check.pk), "outcome": str(outcome)}
    )
    return True


def _mark(
    number: UserPhoneNumber, check: ForwardingCheck, outcome: CheckOutcome, *, now: datetime
) -> None:
    """Keep or take the proof, unless the owner has changed her settings during the test."""
    if not number.forwarding_enabled or number.external_phone_number != check.phone_number:
        return
    if outcome == CheckOutcome.PROVEN:
        number.forwarding_verified_at = now
    elif outcome in FAILED_OUTCOMES:
        number.forwarding_verified_at = None
    number.save(update_fields=["forwarding_verified_at", "updated_at"])
