"""The day's figures for support: how calls ended, and what fell back on classic voicemail."""

from dataclasses import dataclass
from datetime import datetime
from math import ceil
from urllib.parse import urlencode

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils import timezone

from aloha_site.call_words import ended_because
from telephony.end_reasons import EndReason
from telephony.failure_causes import cause_of
from telephony.models import (
    FINAL_STATUSES,
    Call,
    CallPurpose,
    CallStatus,
    Direction,
    StreamState,
)
from voicemail.models import PREPARED_STAGES, Message

FALLBACKS = (EndReason.MESSAGE_AFTER_FAILURE, EndReason.FAILED_WITHOUT_MESSAGE)
BY_THE_AGENT = (EndReason.AGENT_FINISHED, EndReason.TIME_LIMIT, EndReason.CALLER_HUNG_UP)
FALLBACKS_SHOWN = 5
LIVE_CALLS_SHOWN = 200
FIRST_WORD_LIMIT_MS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One figure of the day with a line below it."""

    name: str
    figure: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """How many calls ended so today; `tone` is good, plain or bad."""

    label: str
    count: int
    tone: str
    url: str


def midnight() -> datetime:
    """When today began by the clock of whoever looks."""
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


def calls_of_today() -> QuerySet[Call]:
    """Conversations that began today."""
    return Call.objects.filter(started_at__gte=midnight(), purpose=CallPurpose.CONVERSATION)


def running_calls() -> QuerySet[Call]:
    """Who is on the line now."""
    return Call.objects.exclude(status__in=FINAL_STATUSES).select_related("number", "owner")


def tiles() -> list[Tile]:
    """The row of figures on top."""
    today = calls_of_today()
    inbound = today.filter(direction=Direction.INBOUND)
    over = inbound.exclude(end_reason="")
    by_agent = over.filter(end_reason__in=BY_THE_AGENT).count()
    share = f"{by_agent / total:.1%}" if (total := over.count()) else "-"
    messages = Message.objects.filter(call__in=today)
    waiting = messages.exclude(stage__in=PREPARED_STAGES).count()
    first_word = first_word_p95_ms(today)
    return [
        Tile(name="Calls", figure=str(today.count()), note=f"{running_calls().count()} now"),
        Tile(name="By the agent", figure=share, note=f"{by_agent} of {total}"),
        Tile(
            name="Fallbacks",
            figure=str(over.filter(end_reason__in=FALLBACKS).count()),
            note="Aloha could not answer",
        ),
        Tile(name="Messages", figure=str(messages.count()), note=f"{waiting} being prepared"),
        Tile(
            name="First word, p95",
            figure="-" if first_word is None else f"{first_word / 1000:.1f} s",
            note=f"limit {FIRST_WORD_LIMIT_MS / 1000:.1f} s",
        ),
    ]


def first_word_p95_ms(calls: QuerySet[Call]) -> int | None:
    """Below this 95 of 100 callers hear the first word; None when none was measured."""
    facts = calls.exclude(stream_facts={}).values_list("stream_facts", flat=True)
    took = sorted(ms for each in facts if (ms := each.get("first_audio_ms")) is not None)
    return took[ceil(len(took) * 0.95) - 1] if took else None


def reasons() -> list[Reason]:
    """Today's calls by their end reason, the commonest first."""
    today = timezone.localdate()
    day = {f"started_at__{part}": getattr(today, part) for part in ("year", "month", "day")}
    listing = reverse("admin:telephony_call_changelist")
    counted = (
        calls_of_today()
        .exclude(end_reason="")
        .values_list("end_reason")
        .annotate(count=Count("pk"))
        .order_by("-count")
    )
    return [
        Reason(
            label=EndReason(reason).label,
            count=count,
            tone=_tone(reason),
            url=f"{listing}?{urlencode({'end_reason': reason, **day})}",
        )
        for reason, count in counted
    ]


def _tone(reason: str) -> str:
    if reason in BY_THE_AGENT:
        return "good"
    return "bad" if reason in {*FALLBACKS, EndReason.NOT_CONNECTED, EndReason.UNKNOWN} else "plain"


def latest_fallbacks() -> list[tuple[Call, str]]:
    """The last calls that no agent took, each with what the caller got and the cause."""
    fell = calls_of_today().filter(end_reason__in=FALLBACKS).select_related("number", "owner")
    latest = fell.order_by("-started_at")[:FALLBACKS_SHOWN]
    return [
        (call, ". ".join(filter(None, (ended_because(call), cause_of(call))))) for call in latest
    ]


def live_calls() -> list[tuple[Call, str]]:
    """Who is on the line, the longest first, and in which phase each call is."""
    calls = running_calls().order_by("started_at")[:LIVE_CALLS_SHOWN]
    return [(call, phase_of(call)) for call in calls]


def phase_of(call: Call) -> str:
    """What is going on in a call that is not over, in words."""
    if call.stream_state == StreamState.OPEN:
        return "talking with the agent"
    if call.carrier_records:
        return "leaving a message after the tone"
    if call.stream_state == StreamState.CLOSED:
        return "the agent is done, the carrier goes on"
    if call.stream_state == StreamState.ISSUED:
        return "waiting for the agent"
    return "ringing" if call.status == CallStatus.RINGING else call.get_status_display().lower()
