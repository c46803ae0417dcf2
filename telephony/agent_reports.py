"""What an agent tells of a call when its part is over: what it used, noted, and failed with."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from agent.errors import AgentUnavailable
from agent.session import AgentFailed, AgentOutcome, AgentReport
from telephony import do_not_call, metrics
from telephony.call_events import EventKind
from telephony.failure_causes import label_of
from telephony.journal import storable
from telephony.models import Call, CallEvent
from telephony.stream_facts import StreamFacts


def note_failure(
    facts: StreamFacts, failure: AgentFailed | AgentUnavailable | TimeoutError
) -> None:
    """Keep why an agent did not come or could not go on, and count it."""
    if isinstance(failure, AgentFailed):
        facts.agent_failure = storable(failure.code)
        metrics.AGENT_FAILURES.labels(reason=label_of(failure.code)).inc()
        return
    facts.agent_failure = storable(getattr(failure, "code", "no_session_in_time"))
    metrics.AGENT_FAILURES.labels(reason="not available").inc()


def keep_report(call_id: UUID, report: AgentReport, *, generation: int = 0) -> bool:
    """Keep the report of a call's stream; whether it told anything new, which a repeat does not.

    The figures of a later `generation` come on top of those of the streams before; its message
    takes the place of theirs. To be called in a transaction.
    """
    is_new = bool(report.usage) and _keep_figures(call_id, report, generation)
    if report.wants_no_calls:
        # Whoever hung up before the goodbye, or was cut off, has said it all the same.
        do_not_call.heed_outcome(call_id, AgentOutcome.OPTED_OUT)
    if report.reason:
        is_new |= _keep_note(call_id, report, generation)
    return is_new


def _keep_note(call_id: UUID, report: AgentReport, generation: int) -> bool:
    """Whether it is news; what a later stream has noted stays, and what is erased stays away."""
    payload, facts = _noted(report), {"generation": generation}
    event, is_new = CallEvent.objects.select_for_update().get_or_create(
        call_id=call_id,
        kind=EventKind.MESSAGE_NOTED,
        key="",
        defaults={"payload": payload, "facts": facts},
    )
    if is_new:
        return True
    if not event.payload or event.facts.get("generation", 0) > generation:
        return False
    is_new = bool(event.payload != payload)
    event.payload, event.facts = payload, facts
    event.save(update_fields=["payload", "facts"])
    return is_new


def _keep_figures(call_id: UUID, report: AgentReport, generation: int) -> bool:
    """Whether they tell more of the stream than what is known: the final bill may come last."""
    cost_usd = None if report.cost_usd is None else str(report.cost_usd)
    figures = {"usage": dict(report.usage), "cost_usd": cost_usd}
    event, is_new = CallEvent.objects.get_or_create(
        call_id=call_id,
        kind=EventKind.AGENT_REPORTED,
        key=str(generation),
        defaults={"payload": figures},
    )
    if not is_new:
        if not event.payload or _weight(figures) <= _weight(event.payload):
            return False
        event.payload = figures
        event.save(update_fields=["payload"])
    _add_up(call_id)
    return True


def _weight(figures: Mapping[str, Any]) -> tuple[int, bool]:
    """Of two reports of a stream the later one: figures only grow, and a cost becomes known."""
    counted = sum(each for each in figures["usage"].values() if isinstance(each, int))
    return counted, figures["cost_usd"] is not None


def _add_up(call_id: UUID) -> None:
    """The figures of all streams, and their cost if every one's is known."""
    told = CallEvent.objects.filter(call_id=call_id, kind=EventKind.AGENT_REPORTED)
    streams = list(told.order_by("key").values_list("payload", flat=True))
    usage: dict[str, str | int] = {}
    for figures in streams:
        usage = _sum(usage, figures.get("usage", {}))
    costs = [figures.get("cost_usd") for figures in streams]
    cost_usd = None if None in costs else sum(map(Decimal, costs), Decimal())
    Call.objects.filter(id=call_id).update(agent_usage=usage, cost_usd=cost_usd)


def _sum(before: dict[str, str | int], added: dict[str, str | int]) -> dict[str, str | int]:
    summed = before | added
    for name, figure in added.items():
        earlier = before.get(name, 0)
        if isinstance(figure, int) and isinstance(earlier, int):
            summed[name] = earlier + figure
    return summed


def _noted(report: AgentReport) -> dict[str, str]:
    return {
        "caller_name": storable(report.caller_name),
        "reason": storable(report.reason),
        "urgency": report.urgency,
        "callback_number": storable(report.callback_number),
    }
