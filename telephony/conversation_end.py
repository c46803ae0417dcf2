"""The end of a conversation: hang up with everything kept.

A step that fails or takes too long does not stop those behind it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol
from uuid import UUID

from channels.db import database_sync_to_async

from accounts.row_security import in_service_scope
from agent.session import AgentOutcome
from telephony import calls, do_not_call, kept_endings, recording, stream_handover
from telephony.caller_line import CallerLine
from telephony.journal import CallJournal
from telephony.kept_endings import KeptEnding
from telephony.recorder import CallRecorder
from telephony.stream_facts import StreamFacts

STEP_SECONDS = 2

Step = Callable[[], Awaitable[object]]


class Log(Protocol):
    """Writes a log line about this call."""

    def __call__(self, level: int, event: str, *, error: Exception | None = None) -> None: ...


async def finish(
    call_id: UUID,
    outcome: AgentOutcome | None,
    *,
    facts: StreamFacts,
    line: CallerLine,
    close_agent: Step,
    journal: CallJournal,
    journal_keeping: "asyncio.Task[None]",
    recorder: CallRecorder,
    log: Log,
) -> None:
    """Close line and agent, and store what there is; what the database does not take is kept.

    The carrier asks what comes next once the socket is closed, so a goodbye is kept before. A
    caller whom no agent heard out does not wait for the database: no outcome means that the
    carrier records her. Nobody waits for an agent that is slow to close.

    Without an outcome the call goes on in another stream, perhaps in another process: what was
    said and recorded is stored before the line is let go.
    """

    async def keep_outcome() -> None:
        if outcome is None:
            await in_service_scope(stream_handover.hand_over, call_id)
            return
        await in_service_scope(calls.close_stream, call_id, outcome)

    async def keep_facts() -> None:
        await in_service_scope(calls.keep_stream_facts, call_id, facts.as_json())

    async def heed_words() -> None:
        await in_service_scope(do_not_call.heed_words, call_id)

    async def store_audio() -> None:
        await database_sync_to_async(recording.store_spooled)(call_id)

    written = asyncio.wrap_future(recorder.flush())
    first: list[Step] = [keep_outcome, line.hang_up]
    if outcome is AgentOutcome.FAILED:
        first.reverse()
    in_database: list[Step] = [keep_outcome, journal.flushed, heed_words, keep_facts]
    keeping: list[Step] = [*in_database[1:], lambda: written, store_audio]
    steps = [*first, close_agent, *keeping]
    if outcome is None:
        steps = [*keeping, *first, close_agent, journal.flushed]
    failed = await _take(steps, log)
    journal_keeping.cancel()
    await asyncio.gather(journal_keeping, return_exceptions=True)
    if any(step in in_database for step in failed):
        lines = journal.unwritten()
        ending = KeptEnding(call_id=call_id, outcome=outcome, facts=facts.as_json(), lines=lines)
        await _take([lambda: asyncio.to_thread(kept_endings.keep, ending)], log)


async def _take(steps: list[Step], log: Log) -> list[Step]:
    """Take one step after the other; those that failed."""
    failed = []
    for step in steps:
        try:
            async with asyncio.timeout(STEP_SECONDS):
                await step()
        except Exception as error:
            # The outermost end of a call: whatever it is, the rest is still to be kept.
            log(logging.ERROR, "end of stream incomplete", error=error)
            failed.append(step)
    return failed
