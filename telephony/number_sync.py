"""Settling by asking the provider: unclear purchases, unfinished releases, drifted addresses."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts.row_security import service_scope
from telephony.backends.base import get_backend
from telephony.errors import NumberError, ProviderError
from telephony.models import LIVE_STATUSES, Mover, NumberStatus, SyncRun, UserPhoneNumber
from telephony.number_handover import give_back, put_into_service, seen_at_provider
from telephony.number_plan import LONGEST_WAIT, PATIENCE, Step, StepKind, TaggedNumber, plan_steps
from telephony.number_setup import carrier_addresses, row_of
from telephony.number_states import move
from telephony.phone_numbers import masked

logger = logging.getLogger(__name__)

INTERVAL = timedelta(minutes=5)
RETRY_AFTER = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    LONGEST_WAIT,
)
RUNS_KEPT = timedelta(days=30)
_TO_SETTLE_BY_HAND = {
    StepKind.REPORT_FOREIGN,
    StepKind.REPORT_ORPHAN,
    StepKind.LOSE,
    StepKind.DOUBT,
}


def sync_numbers_when_due() -> SyncRun | None:
    """The worker's chore: a run, unless any worker has begun one within the interval."""
    if SyncRun.objects.begun().filter(started_at__gt=timezone.now() - INTERVAL * 0.9).exists():
        return None
    return sync_numbers(dry_run=False)


def sync_numbers(*, dry_run: bool, who: Mover = Mover.SYNC, accept_losses: bool = False) -> SyncRun:
    """Compare our numbers with the provider's and settle every difference that can be settled.

    Most of our numbers missing at once is believed only with `accept_losses`, and so is one to
    give back that another account than its own does not know.
    A dry run writes and changes nothing; its record is not saved. When the provider cannot be
    asked, `error` says so and nothing is changed. Safe to run at any time and any number at once.
    """
    run = SyncRun(started_at=timezone.now())
    if not dry_run:
        run.save()
    try:
        steps = _plan(run.started_at, accept_losses=accept_losses)
    except ProviderError as error:
        logger.error("numbers not synchronised", extra={"code": error.code})
        run.error = str(error)
        steps = []
    run.steps = [str(step) for step in steps]
    run.to_settle_by_hand = sum(step.kind in _TO_SETTLE_BY_HAND for step in steps)
    if not dry_run:
        for step in steps:
            _take(step, now=run.started_at, who=who, accept_losses=accept_losses)
        run.finished_at = timezone.now()
        run.save()
        SyncRun.objects.filter(started_at__lt=run.started_at - RUNS_KEPT).delete()
    return run


def repoint_numbers(*, dry_run: bool) -> list[Step]:
    """Send our numbers' calls to the present PUBLIC_BASE_URL; the numbers that went elsewhere.

    Nothing else is settled. Raises ProviderError; run again, it goes on where it stopped.
    """
    steps = [step for step in _plan(timezone.now()) if step.kind == StepKind.REPAIR]
    for step in steps:
        if step.number is not None and not dry_run:
            _repair(step.number)
    return steps


def _plan(now: datetime, *, accept_losses: bool = False) -> list[Step]:
    # The listing first, the rows second: a purchase in between is then a row that waits for its
    # second look, never a number that seems to belong to nobody.
    backend = get_backend()
    listing = [
        TaggedNumber(at_provider=number, row_id=row_of(number.tag))
        for number in backend.list_numbers()
    ]
    named = [number.row_id for number in listing if number.row_id]
    rows = UserPhoneNumber.objects.filter(Q(status__in=LIVE_STATUSES) | Q(pk__in=named))
    # Numbers of the simulator mean nothing to a real provider, nor real ones to the simulator.
    with service_scope():
        ours = [row for row in rows if _is_of(row, simulated=backend.is_simulated)]
        losers = {row.user_id for row in ours if row.status == NumberStatus.LOST}
        others = list(UserPhoneNumber.objects.filter(user__in=losers))
    return plan_steps(
        ours,
        listing,
        addresses=carrier_addresses(),
        base_url=settings.PUBLIC_BASE_URL,
        now=now,
        accept_losses=accept_losses,
        others=others,
    )


def _is_of(row: UserPhoneNumber, *, simulated: bool) -> bool:
    if row.is_simulated and row.status == NumberStatus.RELEASING:
        return True  # left from before there was a provider; none has to be asked
    return not row.twilio_phone_sid or row.is_simulated == simulated


def _take(step: Step, *, now: datetime, who: Mover, accept_losses: bool) -> None:
    logger.log(
        logging.ERROR if step.kind in _TO_SETTLE_BY_HAND else logging.INFO,
        "number synchronised",
        extra={"number": masked(step.phone_number), "step": step.kind.name, "sid": step.sid},
    )
    try:
        if step.number is not None:
            _settle(step, step.number, now=now, who=who, accept_losses=accept_losses)
    except (NumberError, ProviderError) as error:
        # Somebody else was faster, or the provider fails: the next run looks again.
        logger.warning("step not taken", extra={"step": step.kind.name, "code": error.code})


def _settle(
    step: Step, number: UserPhoneNumber, *, now: datetime, who: Mover, accept_losses: bool
) -> None:
    match step.kind:
        case StepKind.ADOPT:
            put_into_service(number, sid=step.sid, who=who)
        case StepKind.FAIL:
            move(number, to=NumberStatus.FAILED, from_=NumberStatus.PURCHASING, who=who)
        case StepKind.LOSE:
            move(number, to=NumberStatus.LOST, from_=NumberStatus.ACTIVE, who=who)
        case StepKind.RETURN:
            seen = seen_at_provider(step.sid)
            move(number, to=NumberStatus.ACTIVE, from_=NumberStatus.LOST, who=who, answer=seen)
        case StepKind.LOOK_AGAIN:
            _wait(number, attempts=1, until=now + PATIENCE)
        case StepKind.SEEN_AGAIN:
            _wait(number, attempts=0, until=None)
        case StepKind.DELETE:
            _delete(number, now=now, who=who, accept_losses=accept_losses)
        case StepKind.REPAIR:
            _repair(number)
        case StepKind.REPORT_FOREIGN | StepKind.REPORT_ORPHAN | StepKind.DOUBT:
            pass  # said in the log and in the run; money is for people to decide about


def _repair(number: UserPhoneNumber) -> None:
    get_backend().update_addresses(number.twilio_phone_sid, carrier_addresses())
    mine = UserPhoneNumber.objects.filter(pk=number.pk)
    with service_scope():
        mine.update(webhook_base_url=settings.PUBLIC_BASE_URL)


def _delete(number: UserPhoneNumber, *, now: datetime, who: Mover, accept_losses: bool) -> None:
    given_back = give_back(number, who=who, accept_losses=accept_losses)
    if given_back.status == NumberStatus.RELEASING:
        delay = RETRY_AFTER[min(number.sync_attempts, len(RETRY_AFTER) - 1)]
        _wait(number, attempts=number.sync_attempts + 1, until=now + delay)


def _wait(number: UserPhoneNumber, *, attempts: int, until: datetime | None) -> None:
    """Note when to look at a number next; `updated_at` stays, it tells when the status changed."""
    unmoved = UserPhoneNumber.objects.filter(pk=number.pk, status=number.status)
    with service_scope():
        unmoved.update(sync_attempts=attempts, sync_after=until)
