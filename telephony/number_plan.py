"""What has to be done so that the provider's numbers and ours are the same: a pure comparison."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from telephony.backends.base import NumberAddresses, ProviderNumber
from telephony.models import LIVE_STATUSES, NumberStatus, UserPhoneNumber

# A purchase is given this long to end by itself, and whatever is missing at the provider is
# looked for again after it: a listing may lag behind.
PATIENCE = timedelta(minutes=2)
# No number is left alone for longer.
LONGEST_WAIT = timedelta(days=1)


class StepKind(StrEnum):
    """What a step does, as the report says it."""

    ADOPT = "was bought: put into service"
    FAIL = "was not bought: purchase failed"
    LOSE = "is gone at the provider: lost"
    DOUBT = "is gone with most others, is it the right account: settle by hand"
    LOOK_AGAIN = "is missing at the provider: look again later"
    SEEN_AGAIN = "is at the provider again"
    RETURN = "is back at the provider: active again"
    DELETE = "is to be given back: delete"
    REPAIR = "sends its calls elsewhere: repair its addresses"
    REPORT_FOREIGN = "is at the provider under another name: settle by hand"
    REPORT_ORPHAN = "is paid for and belongs to nobody: settle by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One difference and what is to be done about it."""

    kind: StepKind
    phone_number: str
    number: UserPhoneNumber | None = None
    sid: str = ""

    def __str__(self) -> str:
        return f"{self.phone_number} {self.kind}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedNumber:
    """A number at the provider, and the row of ours that its name leads to."""

    at_provider: ProviderNumber
    row_id: UUID | None


def plan_steps(
    rows: Iterable[UserPhoneNumber],
    listing: Iterable[TaggedNumber],
    *,
    addresses: NumberAddresses,
    base_url: str,
    now: datetime,
    accept_losses: bool = False,
    others: Iterable[UserPhoneNumber] = (),
) -> list[Step]:
    """Compare every row that is live or named by the listing with the whole listing.

    `others` may be in the way of a lost number that is back: all rows of its owner.

    Nothing comes back for a number without our tag, unless we are buying that very number.
    A listing that lacks most of several active numbers is of another account, or broken: what it
    lacks is doubted, unless `accept_losses` says that it is true.
    """
    rows, listing = list(rows), list(listing)
    live = [row for row in rows if row.status in LIVE_STATUSES]
    steps = [step for row in live for step in _steps_for(row, listing, now)]
    if not accept_losses and _lacks_most(live, listing):
        steps = [_doubted(step, listing) for step in steps]
    steps += [
        _step(StepKind.REPAIR, row, sid=row.twilio_phone_sid)
        for row in live
        if row.status == NumberStatus.ACTIVE and _is_drifted(row, listing, addresses, base_url)
    ]
    by_id = {row.pk: row for row in rows}
    return steps + list(_unserved(by_id, listing, now, others=[*rows, *others]))


def _steps_for(row: UserPhoneNumber, listing: list[TaggedNumber], now: datetime) -> Iterator[Step]:
    match row.status:
        case NumberStatus.PURCHASING:
            if _is_due(row.updated_at + PATIENCE, now):
                yield from _purchase(row, listing, now)
        case NumberStatus.ACTIVE:
            yield from _service(row, listing, now)
        case NumberStatus.RELEASING:
            if row.sync_after is None or _is_due(row.sync_after, now):
                yield _step(StepKind.DELETE, row)


def _is_due(moment: datetime, now: datetime) -> bool:
    """A moment further ahead than we ever wait was written by a clock that was wrong."""
    return not now < moment <= now + LONGEST_WAIT


def _purchase(row: UserPhoneNumber, listing: list[TaggedNumber], now: datetime) -> Iterator[Step]:
    for found in listing:
        if found.row_id == row.pk:
            yield _step(StepKind.ADOPT, row, sid=found.at_provider.sid)
            return
    if any(found.at_provider.phone_number == row.phone_number for found in listing):
        yield _step(StepKind.REPORT_FOREIGN, row)
        return
    yield from _missing(row, StepKind.FAIL, now)


def _service(row: UserPhoneNumber, listing: list[TaggedNumber], now: datetime) -> Iterator[Step]:
    if all(found.at_provider.sid != row.twilio_phone_sid for found in listing):
        yield from _missing(row, StepKind.LOSE, now)
    elif row.sync_attempts:
        yield _step(StepKind.SEEN_AGAIN, row)


def _lacks_most(live: list[UserPhoneNumber], listing: list[TaggedNumber]) -> bool:
    listed = {found.at_provider.sid for found in listing}
    active = [row for row in live if row.status == NumberStatus.ACTIVE]
    missing = sum(row.twilio_phone_sid not in listed for row in active)
    return missing > 1 and missing > len(active) / 2


def _doubted(step: Step, listing: list[TaggedNumber]) -> Step:
    """Take no absence for a fact; whoever is told to delete what it lacks would say "done"."""
    in_doubt = step.kind in {StepKind.LOSE, StepKind.FAIL}
    if step.kind == StepKind.DELETE and step.number and not step.number.is_simulated:
        in_doubt = all(found.at_provider.sid != step.number.twilio_phone_sid for found in listing)
    return replace(step, kind=StepKind.DOUBT) if in_doubt else step


def _is_drifted(
    row: UserPhoneNumber,
    listing: list[TaggedNumber],
    addresses: NumberAddresses,
    base_url: str,
) -> bool:
    """The provider sends the calls elsewhere, or our own note of where it does is old."""
    for found in listing:
        if found.at_provider.sid == row.twilio_phone_sid and found.row_id == row.pk:
            noted = row.webhook_base_url or base_url
            return found.at_provider.addresses != addresses or noted != base_url
    return False


def _missing(row: UserPhoneNumber, verdict: StepKind, now: datetime) -> Iterator[Step]:
    """Absent at one look is looked for again; absent at two is a fact."""
    if row.sync_after is None:
        yield _step(StepKind.LOOK_AGAIN, row)
    elif _is_due(row.sync_after, now):
        yield _step(verdict, row)


def _unserved(
    rows: dict[UUID, UserPhoneNumber],
    listing: list[TaggedNumber],
    now: datetime,
    *,
    others: list[UserPhoneNumber],
) -> Iterator[Step]:
    """What is paid for and serves nobody: a lost number is its owner's again, if she has none."""
    for found in listing:
        if found.row_id is None:
            continue
        row = rows.get(found.row_id)
        if row and not _is_over(row, now) and row.twilio_phone_sid in {"", found.at_provider.sid}:
            continue
        if row and _may_return(row, found.at_provider, others):
            yield _step(StepKind.RETURN, row, sid=found.at_provider.sid)
            continue
        yield Step(
            kind=StepKind.REPORT_ORPHAN,
            phone_number=found.at_provider.phone_number,
            number=row,
            sid=found.at_provider.sid,
        )


def _may_return(row: UserPhoneNumber, found: ProviderNumber, others: list[UserPhoneNumber]) -> bool:
    is_same = (row.twilio_phone_sid, row.phone_number) == (found.sid, found.phone_number)
    is_lost = row.status == NumberStatus.LOST
    return is_lost and is_same and not any(_is_in_the_way(other, row) for other in others)


def _is_in_the_way(other: UserPhoneNumber, lost: UserPhoneNumber) -> bool:
    """The owner has a number, or has had one since, or somebody else has this very number."""
    if other.pk == lost.pk or other.status == NumberStatus.FAILED:
        return False
    is_live = other.status in LIVE_STATUSES
    if other.user_id == lost.user_id:
        return is_live or other.created_at > lost.updated_at
    return is_live and other.phone_number == lost.phone_number


def _is_over(row: UserPhoneNumber, now: datetime) -> bool:
    """A row may have ended between the listing and our look at it; that is no orphan yet."""
    return row.status not in LIVE_STATUSES and row.updated_at <= now - PATIENCE


def _step(kind: StepKind, row: UserPhoneNumber, *, sid: str = "") -> Step:
    return Step(kind=kind, phone_number=row.phone_number, number=row, sid=sid)
