"""What an agent tells about a call when its part is over: what it used, and what it noted."""

from uuid import UUID

from agent.session import AgentReport
from telephony.models import Call, CallEvent

MESSAGE_NOTED = "message_noted"


def keep_report(call_id: UUID, report: AgentReport) -> None:
    """Keep the report of a call; a repeat replaces it, one without figures changes nothing."""
    if report.usage:
        Call.objects.filter(id=call_id).update(
            agent_usage=dict(report.usage), cost_usd=report.cost_usd
        )
    if report.reason:
        CallEvent.objects.update_or_create(
            call_id=call_id, kind=MESSAGE_NOTED, key="", defaults={"payload": _noted(report)}
        )


def _noted(report: AgentReport) -> dict[str, str]:
    return {
        "caller_name": report.caller_name,
        "reason": report.reason,
        "urgency": report.urgency,
        "callback_number": report.callback_number,
    }
