"""The end of a conversation: hang up with everything kept.

A step that fails or takes too long does not stop those behind it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol
from uuid import UUID

from channels.db import database_sync_to_async

from accounts.row_security import in_service_scope
from agent.session import AgentOutcome, AgentReport
from telephony import agent_reports, calls, do_not_call, kept_endings, recording, stream_handover
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


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEnd:
    """One stream of a call and what is to be done at its end.

    Without an outcome the call goes on in another stream, perhaps in another process. `report` is
    asked once the agent is closed; None when there never was one.
    """

    call_id: UUID
    generation: int
    outcome: AgentOutcome | None
    facts: StreamFacts
    line: CallerLine
    close_agent: Step
    report: Callable[[], AgentReport | None]
    journal: CallJournal
    journal_keeping: "asyncio.Task[None]"
    recorder: CallRecorder
    log: Log

    async def finish(self) -> None:
        """Close line and agent, and store what there is; what the database does not take is kept.

        The carrier asks what comes next once the socket is closed, so a goodbye is kept before. A
        caller whom no agent heard out does not wait for the database: no outcome means that the
        carrier records her. Nobody waits for an agent that is slow to close.

        What was said is stored before a call is handed over. Its audio goes on growing in the
        spool: storing it would take longer than the carrier may be kept waiting.
        """
        written = asyncio.wrap_future(self.recorder.finish())
        if self.outcome is None:
            in_database = [self.journal.flushed, self._hand_over]
            failed = await self._take([*in_database, self.line.hang_up, self.close_agent])
            in_database = [self.journal.flushed, self._keep_report, self._heed_words]
            failed += await self._take([*in_database, lambda: asyncio.shield(written)])
        else:
            failed = await self._let_go(self.outcome)
            await self._take([self.close_agent])
            in_database = [self.journal.flushed, self._keep_report, self._heed_words]
            failed += await self._take([*in_database, self._keep_facts])
        self.journal_keeping.cancel()
        await asyncio.gather(self.journal_keeping, return_exceptions=True)
        if failed or self.journal.unwritten():
            await self._take([self._keep_ending])
        if self.outcome is not None:
            unwritten = await self._take([lambda: asyncio.shield(written)])
            if not unwritten:  # or half of the recording would be stored; the worker comes later
                await self._take([self._store_audio])

    async def _let_go(self, outcome: AgentOutcome) -> list[Step]:
        """Note the outcome and close the line; the note, if the database did not take it."""
        keep_outcome = partial(in_service_scope, calls.close_stream, self.call_id, outcome)
        if outcome is AgentOutcome.FAILED:
            await self._take([self.line.hang_up])
            return await self._take([keep_outcome])
        failed = await self._take([keep_outcome])
        if failed:
            # The carrier asks next, and finds the goodbye there if the database is back by then.
            await self._take([self._keep_ending])
        await self._take([self.line.hang_up])
        return failed

    async def _take(self, steps: list[Step]) -> list[Step]:
        """Take one step after the other; those that failed."""
        failed = []
        for step in steps:
            try:
                async with asyncio.timeout(STEP_SECONDS):
                    await step()
            except Exception as error:
                # The outermost end of a call: whatever it is, the rest is still to be kept.
                self.log(logging.ERROR, "end of stream incomplete", error=error)
                failed.append(step)
        return failed

    async def _hand_over(self) -> None:
        facts = self.facts.as_json()

        def together() -> None:
            """In one transaction: by the facts the next agent knows whether it has to greet."""
            calls.keep_stream_facts(self.call_id, facts, generation=self.generation)
            stream_handover.hand_over(self.call_id)

        await in_service_scope(together)

    async def _keep_facts(self) -> None:
        facts = self.facts.as_json()
        await in_service_scope(
            calls.keep_stream_facts, self.call_id, facts, generation=self.generation
        )

    async def _keep_report(self) -> None:
        if (report := self.report()) is not None:
            await in_service_scope(
                agent_reports.keep_report, self.call_id, report, generation=self.generation
            )

    async def _heed_words(self) -> None:
        await in_service_scope(do_not_call.heed_words, self.call_id)

    async def _store_audio(self) -> None:
        await database_sync_to_async(recording.store_spooled)(self.call_id)

    async def _keep_ending(self) -> None:
        ending = KeptEnding(
            call_id=self.call_id,
            generation=self.generation,
            outcome=self.outcome,
            facts=self.facts.as_json(),
            lines=self.journal.unwritten(),
            hides_ai=self.journal.hides_ai,
            report=self.report(),
        )
        await asyncio.to_thread(kept_endings.keep, ending)
