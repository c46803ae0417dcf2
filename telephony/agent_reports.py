"""What an agent tells of a call when its part is over: what it used, noted, and failed with."""

from uuid import UUID

from agent.errors import AgentUnavailable
from agent.session import AgentFailed, AgentOutcome, AgentReport
from telephony import do_not_call, metrics
from telephony.call_events import EventKind
from telephony.journal import storable
from telephony.models import Call, CallEvent
from telephony.stream_facts import StreamFacts

MESSAGE_NOTED = "message_noted"


def note_failure(
    facts: StreamFacts, failure: AgentFailed | AgentUnavailable | TimeoutError
) -> None:
    """Keep why an agent did not come or could not go on, and count it."""
    if isinstance(failure, AgentFailed):
        facts.agent_failure = storable(failure.code)
        metrics.AGENT_FAILURES.labels(reason=failure.code).inc()
        return
    facts.agent_failure = storable(getattr(failure, "code", "no_session_in_time"))
    metrics.AGENT_FAILURES.labels(reason="not available").inc()


def keep_report(call_id: UUID, report: AgentReport, *, generation: int = 0) -> bool:
    """Keep the report of a call's stream; whether it told anything new, which a repeat does not.

    The figures of a later `generation` come on top of those of the streams before.
    """
    is_new = False
    if report.usage:
        _, is_new = CallEvent.objects.get_or_create(
            call_id=call_id, kind=EventKind.AGENT_REPORTED, key=str(generation)
        )
        if is_new:
            _add_figures(call_id, report)
    if report.wants_no_calls:
        # Whoever hung up before the goodbye, or was cut off, has said it all the same.
        do_not_call.heed_outcome(call_id, AgentOutcome.OPTED_OUT)
    if report.reason:
        noted = CallEvent.objects.filter(call_id=call_id, kind=MESSAGE_NOTED, key="")
        is_new |= not noted.filter(payload=_noted(report)).exists()
        noted.update_or_create(
            call_id=call_id, kind=MESSAGE_NOTED, key="", defaults={"payload": _noted(report)}
        )
    return is_new


def _add_figures(call_id: UUID, report: AgentReport) -> None:
    call = Call.objects.get(id=call_id)
    cost_usd = report.cost_usd
    if call.agent_usage and (call.cost_usd is None or cost_usd is None):
        cost_usd = None  # a sum of which a part is not known
    elif cost_usd is not None:
        cost_usd += call.cost_usd or 0
    usage = _sum(call.agent_usage, dict(report.usage))
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
