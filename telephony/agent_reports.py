"""What an agent tells about a call when its part is over: what it used, and what it noted."""

from uuid import UUID

from agent.session import AgentOutcome, AgentReport
from telephony import do_not_call
from telephony.models import Call, CallEvent

MESSAGE_NOTED = "message_noted"


def keep_report(call_id: UUID, report: AgentReport, *, is_added: bool = False) -> None:
    """Keep the report of a call; a repeat replaces it, one without figures changes nothing.

    `is_added`: it is about a later stream of the call, so its figures come on top.
    """
    if report.usage:
        call = Call.objects.get(id=call_id)
        usage, cost_usd = dict(report.usage), report.cost_usd
        if is_added:
            usage = _sum(call.agent_usage, usage)
            if call.cost_usd is not None and cost_usd is not None:
                cost_usd += call.cost_usd
        Call.objects.filter(id=call_id).update(agent_usage=usage, cost_usd=cost_usd)
    if report.wants_no_calls:
        # Whoever hung up before the goodbye, or was cut off, has said it all the same.
        do_not_call.heed_outcome(call_id, AgentOutcome.OPTED_OUT)
    if report.reason:
        CallEvent.objects.update_or_create(
            call_id=call_id, kind=MESSAGE_NOTED, key="", defaults={"payload": _noted(report)}
        )


def _sum(before: dict[str, str | int], added: dict[str, str | int]) -> dict[str, str | int]:
    summed = before | added
    for name, figure in added.items():
        earlier = before.get(name, 0)
        if isinstance(figure, int) and isinstance(earlier, int):
            summed[name] = earlier + figure
    return summed


def _noted(report: AgentReport) -> dict[str, str]:
    return {
        "caller_name": report.caller_name,
        "reason": report.reason,
        "urgency": report.urgency,
        "callback_number": report.callback_number,
    }
