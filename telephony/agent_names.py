"""The name under which an agent spoke on a call; its owner may call it something else by now."""

from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from agent.backends.base import get_backend as get_agent_backend
from agent.models import DEFAULT_AGENT_NAME, AgentProfile
from agent.profiles import profile_of
from telephony.models import Call


def name_now() -> Coalesce | Value:
    """The name with which the agent takes a call now, for an update of calls.

    An agent whose sentences are recorded says the usual name, whatever the owner has chosen.
    """
    if not get_agent_backend().can_speak_freely:
        return Value(DEFAULT_AGENT_NAME)
    chosen = AgentProfile.objects.filter(user=OuterRef("owner")).values("agent_name")
    return Coalesce(Subquery(chosen), Value(DEFAULT_AGENT_NAME))


def name_on(call: Call) -> str:
    """The name that the agent had on this call; today's where it is not known."""
    return call.agent_name or profile_of(call.owner).agent_name
