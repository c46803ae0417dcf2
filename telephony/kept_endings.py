"""What the database did not take at the end of a stream, on the disk until it does.

The last lines of the transcript, how the agent's part ended and the stream's figures; the worker
writes them down. Doing so twice, or beside another worker, changes nothing. A file never changes:
what is kept again of a stream is another file, or a worker would remove what it has not read.
"""

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core import serializers
from django.core.serializers.json import DjangoJSONEncoder

from accounts.row_security import service_scope
from agent.session import AgentOutcome, AgentReport
from telephony import agent_reports, call_events, calls, do_not_call, spool_files
from telephony.call_events import EventKind
from telephony.models import Call, TranscriptLine
from telephony.spool_rounds import Kind, go_through
from telephony.stream_facts import StreamFacts

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEnding:
    """The end of one stream; without an outcome the call went on in another stream."""

    call_id: UUID
    generation: int
    outcome: AgentOutcome | None
    facts: dict[str, int | float | str | None]
    lines: Sequence[TranscriptLine]
    hides_ai: bool = False
    report: AgentReport | None = None


def keep(ending: KeptEnding) -> None:
    """Write an ending down, beside what is kept of it already; it outlives a crash then.

    Raises OSError.
    """
    fields = {
        "generation": ending.generation,
        "outcome": ending.outcome,
        "facts": ending.facts,
        "lines": serializers.serialize("json", ending.lines),
        "hides_ai": ending.hides_ai,
        "report": ending.report and asdict(ending.report),
    }
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = json.dumps(fields, cls=DjangoJSONEncoder).encode()
    name = f"{ending.call_id}-{ending.generation}.{time.time_ns():020d}"
    spool_files.write(folder, name, content)


def holds(call_id: UUID) -> bool:
    """Whether something of this call waits here."""
    return any(_files(call_id))


def drop(call_id: UUID) -> None:
    """Forget what was kept of a call whose words are erased, also what nobody could read."""
    for file in [*_files(call_id), *(_folder() / spool_files.ASIDE).glob(f"{call_id}-*")]:
        file.unlink(missing_ok=True)


def waiting() -> list[Path]:
    """The files of all endings that wait, of each stream in the order in which they were kept."""
    return sorted(_folder().glob("*.json"))


def count() -> int:
    """Of how many streams something waits."""
    return len({file.name.partition(".")[0] for file in waiting()})


def write_down_endings(
    call_sid: str | None = None, *, also: Callable[[UUID], object] = lambda _: None
) -> int:
    """Give the database what waits, of one call or of all; how many endings were done with.

    `also` is done in the transaction that writes one down, with the id of its call, if it tells
    anything new. What waits, and what is set aside: `telephony.spool_rounds`.
    """
    files = waiting()
    if files and call_sid is not None:
        with service_scope():
            call = Call.objects.filter(call_sid=call_sid).only("id").first()
        files = [] if call is None else _files(call.id)
    kind = Kind(
        name="kept endings",
        failure="kept ending cannot be written down",
        call_of=lambda file: file.name[:36],
        take=lambda file: _take(file, also),
        set_aside=spool_files.set_aside,
    )
    return go_through(files, kind)


def forget_old(*, now: datetime) -> int:
    """Delete endings set aside long ago; how many files."""
    return spool_files.forget_old(_folder(), now=now)


def _take(file: Path, also: Callable[[UUID], object]) -> bool:
    """Whether an ending was written down. Raises what its reading and the database raise."""
    try:
        ending = _decoded(UUID(file.name[:36]), file.read_bytes())
        with service_scope():
            # Erasing forgets the file before it takes this lock: what it erased is gone here, and
            # what was written down here before is erased there.
            call = Call.objects.select_for_update(no_key=True).filter(id=ending.call_id).first()
            file.stat()
            # Deleted, the call's words are gone with it.
            if call is not None and _write_down(ending, call):
                also(call.id)
    except FileNotFoundError:
        return False  # another worker was faster, or the call's words are erased
    file.unlink(missing_ok=True)
    logger.info("kept ending written down", extra={"call": str(ending.call_id)})
    return True


def _write_down(ending: KeptEnding, call: Call) -> bool:
    """Whether any of it was new: a file that cannot be removed is read again and again."""
    positions = {line.position for line in ending.lines}
    had_arrived = TranscriptLine.objects.filter(call=call, position__in=positions).count()
    is_new = had_arrived < len(positions)
    # The position is unique: lines that did arrive are left as they are.
    TranscriptLine.objects.bulk_create(ending.lines, ignore_conflicts=True)
    if ending.hides_ai:
        call_events.note(call.id, kind=EventKind.DISCLOSURE_MISSING)
    if ending.report is not None:
        is_new |= agent_reports.keep_report(call.id, ending.report, generation=ending.generation)
    calls.keep_stream_facts(call.id, ending.facts, generation=ending.generation)
    is_latest = call.stream_generation == ending.generation
    if ending.outcome and is_latest and call.agent_outcome != ending.outcome.value:
        calls.close_stream(call.id, ending.outcome)
        is_new = True
    do_not_call.heed_words(call.id)
    return is_new


def _decoded(call_id: UUID, content: bytes) -> KeptEnding:
    fields = json.loads(content)
    outcome, report = fields["outcome"], fields["report"]
    return KeptEnding(
        call_id=call_id,
        generation=int(fields["generation"]),
        outcome=None if outcome is None else AgentOutcome(outcome),
        facts=StreamFacts.going_on(fields["facts"]).as_json(),
        lines=[
            line.object
            for line in serializers.deserialize("json", fields["lines"])
            if isinstance(line.object, TranscriptLine)
        ],
        hides_ai=bool(fields["hides_ai"]),
        report=None if report is None else _report(report),
    )


def _report(fields: dict[str, Any]) -> AgentReport:
    cost_usd = fields["cost_usd"]
    return AgentReport(**fields | {"cost_usd": None if cost_usd is None else Decimal(cost_usd)})


def _files(call_id: UUID) -> list[Path]:
    """What is kept of a call, what was kept last behind the rest."""
    return sorted(_folder().glob(f"{call_id}-*.json"))


def _folder() -> Path:
    folder: Path = settings.SPOOL_DIR / "endings"
    return folder
