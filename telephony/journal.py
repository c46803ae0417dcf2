"""What happens on a call, written to the database off the media path.

The media path puts entries into a bounded list and goes on; one task per call has them written, in
order, together with those of other calls. A database that is away, or takes nothing in, is asked
again; what it refuses for its own fault is given up, and what finds the list full.
"""

import asyncio
import contextlib
import logging
from dataclasses import dataclass

from django.db import Error

from accounts.database_faults import OWN_FAULTS
from agent.session import Role, TranscriptSource
from agent.wake import Wake
from telephony import live_news, metrics
from telephony.actions import WriteLine
from telephony.call_notice import says_ai
from telephony.models import Call, TranscriptLine
from telephony.stream_facts import StreamFacts
from telephony.stream_handover import LINES_PER_STREAM
from telephony.transcript_writer import Part, seconds_to_next_round, transcript_writer

logger = logging.getLogger(__name__)

MAX_WAITING = 1_000
RETRY_SECONDS = 0.5
LONGEST_LINE = 20_000
"""Characters; who speaks for twenty minutes without a pause says fewer."""


class CallJournal:
    """The transcript of one stream on its way into the database.

    `facts` are the stream's: they tell how much of the call was recorded before it, and learn
    that an agent has introduced itself. Live views hear that something was written.
    """

    def __init__(self, call: Call, *, facts: StreamFacts | None = None) -> None:
        self._call_id = call.id
        self._call_sid = call.call_sid or ""
        self._waiting: list[TranscriptLine | _BeingSaid] = []
        self._has_news, self._is_written = Wake(), Wake()
        self._is_written.set()
        self._unwritten: dict[int, TranscriptLine] = {}  # by position
        self._position = call.stream_generation * LINES_PER_STREAM
        self._facts = facts or StreamFacts()
        self._begins_at_ms = self._facts.handed_over_at_ms
        self._being_said = ""
        self._is_ending = Wake()
        self.agent_spoke_until_ms = 0  # of this stream
        self._first_words_known = self._facts.has_introduced_itself
        self._undisclosed: TranscriptLine | None = None

    def write(self, line: WriteLine) -> bool:
        """Take a line; never waits. False when too many wait and the line is lost."""
        row = TranscriptLine(
            call_id=self._call_id,
            position=self._position,
            role=line.role.value,
            text=storable(line.text)[:LONGEST_LINE],
            start_ms=line.start_ms + self._begins_at_ms,
            end_ms=line.end_ms + self._begins_at_ms,
            source=line.source.value,
            heard_chars=line.heard_chars,
        )
        self._position += 1
        if line.role is Role.AGENT:
            self.agent_spoke_until_ms = max(self.agent_spoke_until_ms, line.end_ms)
            if row.text and not (line.in_agents_place or self._first_words_known):
                self._first_words_known = self._facts.has_introduced_itself = True
                self._look_for_disclosure(row)
        if self._is_full:
            logger.error("transcript line dropped", extra={"call": str(self._call_id)})
            return False
        self._unwritten[row.position] = row
        self._put(row)
        return True

    @property
    def _is_full(self) -> bool:
        return len(self._waiting) >= MAX_WAITING

    def _put(self, entry: "TranscriptLine | _BeingSaid") -> None:
        self._waiting.append(entry)
        self._is_written.clear()
        self._has_news.set()

    def _look_for_disclosure(self, row: TranscriptLine) -> None:
        """A model is told to say first that it is an AI, and may leave it out all the same."""
        if row.source == TranscriptSource.REALTIME.value and not says_ai(row.text):
            self._undisclosed = row
            metrics.DISCLOSURES_MISSING.inc()
            logger.warning("AI not disclosed", extra={"call": str(self._call_id)})

    def agent_says(self, text: str) -> None:
        """Take what the agent is saying now, for whoever reads along; blank when it is silent."""
        if text == self._being_said or self._is_full:
            return
        self._being_said = text
        self._put(_BeingSaid(storable(text)))

    async def keep(self) -> None:
        """Write lines as they come, until cancelled; what comes together is written together."""
        live_news.announce(self._call_sid)
        while True:
            await self._has_news.wait()
            await self._gather()
            self._has_news.clear()
            entries, self._waiting = self._waiting, []
            try:
                await self._save(entries)
            except Exception:
                # The outermost end of these lines: the stream's end keeps them on the disk.
                logger.exception("transcript not written", extra={"call": str(self._call_id)})
            live_news.announce(self._call_sid)
            if not self._waiting:
                self._is_written.set()

    async def _gather(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds_to_next_round()):
                await self._is_ending.wait()

    def end(self) -> None:
        """What has come and what still comes is the end of it: write it without delay."""
        self._is_ending.set()

    async def flushed(self) -> None:
        """Wait until everything taken so far is written; needs `keep` to be running."""
        await self._is_written.wait()

    def unwritten(self) -> list[TranscriptLine]:
        """The lines that are not known to be written."""
        return list(self._unwritten.values())

    @property
    def hides_ai(self) -> bool:
        """Whether first words without the AI have not been noted yet."""
        return self._undisclosed is not None and self._undisclosed.position in self._unwritten

    async def _save(self, entries: "list[TranscriptLine | _BeingSaid]") -> None:
        lines = [entry for entry in entries if isinstance(entry, TranscriptLine)]
        said = [entry for entry in entries if isinstance(entry, _BeingSaid)]
        part = Part(
            call_id=self._call_id,
            lines=lines,
            being_said=said[-1].text if said else None,
            hides_ai=self._undisclosed in lines,
        )
        has_failed = False
        while True:
            try:
                at_once = self._is_ending.is_set
                await transcript_writer().write(part, alone=has_failed, at_once=at_once)
            except OWN_FAULTS:
                if len(entries) > 1:  # one of them is refused, not all
                    for entry in entries:
                        await self._save([entry])
                    return
                logger.exception("transcript line refused", extra={"call": str(self._call_id)})
            except Error:
                if not has_failed:
                    logger.warning("transcript waits for the database", exc_info=True)
                has_failed = True
                await asyncio.sleep(RETRY_SECONDS)
                continue
            for line in lines:
                del self._unwritten[line.position]
            return


@dataclass(frozen=True, slots=True)
class _BeingSaid:
    text: str


def storable(text: str) -> str:
    """Text without what PostgreSQL or UTF-8 cannot hold: NUL and lone surrogates."""
    return text.replace("\0", "").encode(errors="replace").decode()
