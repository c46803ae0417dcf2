"""The voice agent, tried as a call has it: a session is opened, says its first word, and is closed.

Costs what that word costs, far less than a cent.
"""

import asyncio
import time

from agent.backends.base import AgentBackend
from agent.brief import CallBrief, CallType
from agent.errors import AgentUnavailable
from agent.session import AgentFailed, AgentSession, Utterance

FIRST_WORD_S = 10.0  # callers are handed to the tone sooner


def first_word_ms(backend: AgentBackend) -> int:
    """Milliseconds from asking for a session to its first sound. Raises AgentUnavailable."""
    began_at = time.monotonic()
    asyncio.run(_first_word(backend))
    return round((time.monotonic() - began_at) * 1000)


async def _first_word(backend: AgentBackend) -> None:
    session = await backend.open_session(_brief(backend))
    try:
        async with asyncio.timeout(FIRST_WORD_S):
            await _hear(session)
    except TimeoutError as error:
        message = f"It said nothing within {FIRST_WORD_S:.0f} s."
        raise AgentUnavailable(message, code="no_word_in_time") from error
    finally:
        await session.close()


async def _hear(session: AgentSession) -> None:
    async for event in session.events():
        match event:
            case Utterance():
                return
            case AgentFailed(code=code, detail=detail):
                raise AgentUnavailable(detail, code=code)
    raise AgentUnavailable("It left without a word.")


def _brief(backend: AgentBackend) -> CallBrief:
    return CallBrief(
        call_type=CallType.VOICEMAIL,
        receptionist=False,
        agent_name="Aloha",
        owner_name="",
        voice=backend.voices()[0].name,
        greeting="",
        about="",
        language="en",
        forwarded=None,
    )
