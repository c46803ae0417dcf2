"""What the database and this process know, as Prometheus metrics.

Any number of processes may be asked: figures of the database are the same from each, and those of
a process carry its name, so that two processes behind one address are not taken for one that jumps.
"""

import os
import socket
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.db import Error
from django.db.models import Count, Min
from django.utils import timezone
from prometheus_client import REGISTRY, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from accounts.row_security import service_scope
from telephony import draining, kept_endings, request_spool, webhook_runner
from telephony.end_reasons import EndReason
from telephony.models import (
    FINAL_STATUSES,
    Call,
    CallStatus,
    CarrierRecording,
    NumberStatus,
    SyncRun,
    UserPhoneNumber,
)
from voicemail.models import Message, Stage

DAY = timedelta(days=1)
PURCHASE_PATIENCE = timedelta(minutes=10)
"""A purchase whose outcome is unknown for longer needs somebody."""

Family = GaugeMetricFamily


def exposition() -> bytes:
    """Everything, in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Database())
    registry.register(_Process())
    return generate_latest(registry)


class _Database(Collector):
    """Figures of all processes together."""

    def collect(self) -> Iterable[Metric]:
        try:
            with service_scope():
                found = [*_calls(), *_messages(), *_numbers()]
        except Error:
            found = []
        yield _gauge("aloha_database_up", "Whether the database answers.", float(bool(found)))
        yield from found


class _Process(Collector):
    """Figures of this process alone, each labelled with it."""

    def collect(self) -> Iterable[Metric]:
        process = f"{socket.gethostname()}:{os.getpid()}"
        for family in [*REGISTRY.collect(), *_here()]:
            family.samples = [
                sample._replace(labels={**sample.labels, "process": process})
                for sample in family.samples
            ]
            yield family
        yield from _spool()


def _calls() -> Iterator[Metric]:
    running = Family("aloha_calls", "Calls that are not over, by status.", labels=["status"])
    counts = dict(
        Call.objects.exclude(status__in=FINAL_STATUSES)
        .values_list("status")
        .annotate(Count("id"))
        .order_by()
    )
    for status in (CallStatus.RINGING, CallStatus.IN_PROGRESS):
        running.add_metric([status.value], counts.get(status.value, 0))
    yield running
    ended = Family(
        "aloha_calls_ended_24h", "Calls that ended in the last 24 hours.", labels=["reason"]
    )
    lately = Call.objects.filter(ended_at__gt=timezone.now() - DAY)
    reasons = dict(lately.values_list("end_reason").annotate(Count("id")).order_by())
    for reason in EndReason:
        ended.add_metric([reason.value], reasons.get(reason.value, 0))
    yield ended
    fell_back = lately.filter(carrier_fell_back=True).count()
    yield _gauge("aloha_calls_fallback_24h", "Of these, calls that our fallback took.", fell_back)


def _messages() -> Iterator[Metric]:
    waiting = Message.objects.exclude(stage=Stage.NOTIFIED).aggregate(
        count=Count("id"), oldest=Min("created_at")
    )
    yield _gauge("aloha_messages_waiting", "Messages whose owner was not told.", waiting["count"])
    yield _age("aloha_messages_oldest_seconds", "Age of the oldest of them.", waiting["oldest"])
    failing = Message.objects.exclude(last_error="").exclude(stage=Stage.NOTIFIED).count()
    yield _gauge("aloha_messages_failing", "Of these, messages whose last step failed.", failing)
    recordings = CarrierRecording.objects.waiting().aggregate(oldest=Min("call__started_at"))
    yield _age(
        "aloha_recordings_oldest_seconds",
        "Age of the oldest call whose recording is still at the provider.",
        recordings["oldest"],
    )


def _numbers() -> Iterator[Metric]:
    states = Family("aloha_numbers", "Numbers that cost something, by status.", labels=["status"])
    live = (NumberStatus.PURCHASING, NumberStatus.ACTIVE, NumberStatus.RELEASING)
    counts = dict(
        UserPhoneNumber.objects.filter(status__in=live)
        .values_list("status")
        .annotate(Count("id"))
        .order_by()
    )
    for status in live:
        states.add_metric([status.value], counts.get(status.value, 0))
    yield states
    unknown = UserPhoneNumber.objects.filter(
        status=NumberStatus.PURCHASING, created_at__lt=timezone.now() - PURCHASE_PATIENCE
    )
    yield _gauge(
        "aloha_numbers_paid_unknown",
        "Purchases whose outcome has not been known for 10 minutes; must be 0.",
        unknown.count(),
    )
    finished = SyncRun.objects.begun().filter(finished_at__isnull=False, error="").first()
    if finished is not None:
        yield _gauge(
            "aloha_numbers_to_settle_by_hand",
            "Numbers paid for that belong to nobody, or lost at the provider.",
            finished.to_settle_by_hand,
        )
        yield _age("aloha_sync_age_seconds", "Since the last whole sync.", finished.finished_at)


def _here() -> Iterator[Metric]:
    breaker = Family(
        "aloha_webhook_circuit", "1 for the state of the database's breaker.", labels=["state"]
    )
    for state in type(webhook_runner.breaker.state):
        breaker.add_metric([state.value], float(webhook_runner.breaker.state is state))
    yield breaker
    yield _gauge("aloha_streams_open", "Media streams held.", draining.here.stream_count)
    yield _gauge("aloha_draining", "Whether it is on its way out.", draining.here.has_begun)


def _spool() -> Iterator[Metric]:
    try:
        files = request_spool.waiting()
    except OSError:
        yield _gauge("aloha_spool_usable", "Whether carrier requests can be kept.", 0)
        return
    yield _gauge("aloha_spool_usable", "Whether carrier requests can be kept.", 1)
    yield _gauge("aloha_spool_requests", "Carrier requests that wait for a replay.", len(files))
    yield _age("aloha_spool_oldest_seconds", "Age of the oldest of them.", _came_at(files))
    endings = kept_endings.count()
    yield _gauge("aloha_spool_endings", "Ends of calls that wait for the database.", endings)


def _came_at(files: list[Path]) -> datetime | None:
    """When the oldest came: its name begins with the nanoseconds."""
    if not files:
        return None
    return datetime.fromtimestamp(int(files[0].name[:20]) / 1e9, tz=timezone.get_default_timezone())


def _gauge(name: str, says: str, value: float) -> Metric:
    return Family(name, says, value=value)


def _age(name: str, says: str, since: datetime | None) -> Metric:
    """Seconds since a moment; 0 when there is none."""
    return _gauge(name, says, (timezone.now() - since).total_seconds() if since else 0.0)
