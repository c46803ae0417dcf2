"""What Aloha stands on, and what waits for longer than it should."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils import timezone
from prometheus_client import Counter

from aloha_site.support_figures import (
    BY_THE_AGENT,
    FALLBACKS,
    FIRST_WORD_LIMIT_MS,
    first_word_p95_ms,
)
from telephony import metrics, webhook_runner
from telephony.backends.base import get_backend
from telephony.circuit_breaker import State
from telephony.models import (
    FINAL_STATUSES,
    Call,
    CallPurpose,
    NumberStatus,
    SyncRun,
    UserPhoneNumber,
)
from telephony.twiml import MAX_MESSAGE_SECONDS
from voicemail.models import PREPARED_STAGES, Message

# Longer than this and somebody should look.
PATIENCE = timedelta(minutes=2)
AGENT_SINCE = timedelta(minutes=15)
# The worker compares numbers every five minutes.
SYNC_PATIENCE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One thing that Aloha needs, and whether it works."""

    name: str
    is_well: bool
    state: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """Rows that wait for longer than they should; `oldest` is None when there are none."""

    name: str
    count: int
    oldest: datetime | None
    note: str
    url: str


def health() -> list[Health]:
    """The agent, the provider and the worker of late, and this process's webhooks."""
    return [_agent(), *_provider(), *_webhooks()]


def _agent() -> Health:
    """How the calls went that it should have taken."""
    calls = Call.objects.filter(
        started_at__gte=timezone.now() - AGENT_SINCE,
        purpose=CallPurpose.CONVERSATION,
        end_reason__in=(*BY_THE_AGENT, *FALLBACKS),
    )
    count, failed = calls.count(), calls.filter(end_reason__in=FALLBACKS).count()
    first_word_ms = first_word_p95_ms(calls) or 0
    is_slow = first_word_ms > FIRST_WORD_LIMIT_MS
    said = f", first word {first_word_ms / 1000:.1f} s p95" if first_word_ms else ""
    return Health(
        name="Agent, last 15 minutes",
        is_well=not (failed or is_slow),
        state="fails" if failed else "slow" if is_slow else "works" if count else "no calls",
        note=f"{failed} of {count} failed{said}" if count else "",
    )


def _provider() -> Iterator[Health]:
    name = "Provider, simulated" if get_backend().is_simulated else "Provider"
    run = SyncRun.objects.begun().order_by("-started_at").first()
    if run is None:
        yield Health(name=name, is_well=False, state="never asked", note="Is a worker running?")
        return
    at = f"{timezone.localtime(run.started_at):%H:%M}"
    is_late = timezone.now() - run.started_at > SYNC_PATIENCE
    differ = run.to_settle_by_hand
    yield Health(
        name=name,
        is_well=not run.error,
        state="fails" if run.error else "works",
        note=run.error or f"asked at {at}",
    )
    yield Health(
        name="Numbers at the provider",
        is_well=not differ,
        state="differ" if differ else "as here",
        note=f"{differ} to settle by hand" if differ else "",
    )
    yield Health(
        name="Worker",
        is_well=not is_late,
        state="late" if is_late else "works",
        note=f"last round at {at}",
    )


def _webhooks() -> Iterator[Health]:
    """Counted in this process, since it began."""
    is_closed = webhook_runner.breaker.state is State.CLOSED
    stood_in, refused = _total(metrics.STAND_INS), _total(metrics.REFUSED_SIGNATURES)
    yield Health(
        name="Webhooks and database",
        is_well=is_closed,
        state="work" if is_closed else "rest",
        note=f"{stood_in} answered by stand-ins, in this process",
    )
    yield Health(
        name="Signatures",
        is_well=not refused,
        state="some refused" if refused else "work",
        note=f"{refused} refused, in this process",
    )


def _total(counter: Counter) -> int:
    samples = (sample for metric in counter.collect() for sample in metric.samples)
    return int(sum(sample.value for sample in samples if sample.name.endswith("_total")))


def stuck_rows() -> list[Stuck]:
    """Purchases, releases, messages and calls that did not come to their end in time."""
    late = timezone.now() - PATIENCE
    numbers = UserPhoneNumber.objects.filter(updated_at__lt=late)
    longest = timedelta(seconds=settings.MAX_CALL_SECONDS + MAX_MESSAGE_SECONDS)
    messages = Message.objects.exclude(stage__in=PREPARED_STAGES).filter(created_at__lt=late)
    endless = Call.objects.exclude(status__in=FINAL_STATUSES).filter(
        started_at__lt=timezone.now() - longest
    )
    worst = messages.exclude(last_error="").order_by("-attempts").first()
    return [
        _stuck("Numbers being bought", numbers.filter(status=NumberStatus.PURCHASING)),
        _stuck("Numbers being released", numbers.filter(status=NumberStatus.RELEASING)),
        _stuck(
            "Messages not ready", messages, "created_at", note=worst.last_error if worst else ""
        ),
        _stuck("Calls without an end", endless, "started_at"),
    ]


def _stuck(name: str, rows: QuerySet[Model], since: str = "updated_at", *, note: str = "") -> Stuck:
    waiting: Iterable[datetime] = rows.order_by(since).values_list(since, flat=True)
    moments = list(waiting)
    opts = rows.model._meta
    return Stuck(
        name=name,
        count=len(moments),
        oldest=moments[0] if moments else None,
        note=note,
        url=reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist"),
    )
