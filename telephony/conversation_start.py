"""The start of a conversation: what decides in it, and the agent that comes to speak."""

import asyncio

from django.conf import settings

from accounts.row_security import in_service_scope
from agent.backends.base import get_backend as get_agent_backend
from agent.session import AgentSession
from telephony import calls, own_sentences
from telephony.bridge import Bridge
from telephony.models import Call, Direction
from telephony.outgoing import OPT_OUT_KEY

AGENT_OPENING_SECONDS = 3.5  # the caller hears one sentence meanwhile; 4 s are dead air


def bridge_for(call: Call, *, begins_at_ms: int) -> Bridge:
    """The bridge of a call that has been going on for so long."""
    is_outbound = call.direction == Direction.OUTBOUND
    return Bridge(
        max_call_ms=max(0, settings.MAX_CALL_SECONDS * 1_000 - begins_at_ms),
        own_words=own_sentences.words_of(outbound=is_outbound),
        opt_out_key=OPT_OUT_KEY if is_outbound else "",
    )


async def agent_for(call: Call) -> AgentSession:
    """Open the agent's session. Raises AgentUnavailable, and TimeoutError when it is slow."""
    async with asyncio.timeout(AGENT_OPENING_SECONDS):
        brief = await in_service_scope(calls.brief_of, call)
        return await get_agent_backend().open_session(brief)
