"""What the database did not take at the end of a stream, on the disk until it does.

The last lines of the transcript, how the agent's part ended and the stream's figures, one file per
stream; the worker writes them down. Doing so twice, or beside another worker, changes nothing.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core import serializers
from django.db import InterfaceError, OperationalError

from accounts.row_security import service_scope
from agent.session import AgentOutcome
from telephony import calls, do_not_call, spool_files
from telephony.models import Call, TranscriptLine
from telephony.stream_facts import StreamFacts

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEnding:
    """The end of one stream; without an outcome the call went on in another stream."""

    call_id: UUID
    outcome: AgentOutcome | None
    facts: dict[str, int | float | None]
    lines: Sequence[TranscriptLine]


def keep(ending: KeptEnding) -> None:
    """Write an ending down; when this returns it outlives a crash. Raises OSError."""
    fields = {
        "outcome": ending.outcome and ending.outcome.value,
        "facts": ending.facts,
        "lines": serializers.serialize("json", ending.lines),
    }
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    first = ending.lines[0].position if ending.lines else "end"
    spool_files.write(folder, f"{ending.call_id}-{first}", json.dumps(fields).encode())


def holds(call_id: UUID) -> bool:
    """Whether something of this call waits here."""
    return any(_files(call_id))


def drop(call_id: UUID) -> None:
    """Forget what was kept of a call whose words are erased."""
    for file in _files(call_id):
        file.unlink(missing_ok=True)


def write_down_endings() -> int:
    """Give the database what waits; how many endings were done with.

    Stops where the database is away, to go on there later. What cannot be read is set aside.
    """
    done = 0
    for file in sorted(_folder().glob("*.json")):
        try:
            ending = _read(file)
            with service_scope():
                _write_down(ending)
        except FileNotFoundError:
            continue  # another worker was faster
        except (OperationalError, InterfaceError):
            logger.warning("kept endings wait for the database", exc_info=True)
            break
        except Exception:
            # The outermost loop of one ending: torn or refused, the others go on.
            logger.exception("kept ending cannot be written down", extra={"file": file.name})
            spool_files.set_aside(file)
        else:
            file.unlink(missing_ok=True)
            logger.info("kept ending written down", extra={"call": str(ending.call_id)})
        done += 1
    return done


def forget_old(*, now: datetime) -> int:
    """Delete endings set aside long ago; how many files."""
    return spool_files.forget_old(_folder(), now=now)


def _write_down(ending: KeptEnding) -> None:
    call = Call.objects.filter(id=ending.call_id).first()
    if call is None:
        return  # deleted meanwhile, and its words with it
    # The position is unique: lines that did arrive are left as they are.
    TranscriptLine.objects.bulk_create(ending.lines, ignore_conflicts=True)
    calls.keep_stream_facts(call.id, ending.facts)
    if ending.outcome is not None and call.agent_outcome != ending.outcome.value:
        calls.close_stream(call.id, ending.outcome)
    do_not_call.heed_words(call.id)


def _read(file: Path) -> KeptEnding:
    fields = json.loads(file.read_bytes())
    outcome = fields["outcome"]
    return KeptEnding(
        call_id=UUID(file.name[:36]),
        outcome=None if outcome is None else AgentOutcome(outcome),
        facts=StreamFacts.going_on(fields["facts"]).as_json(),
        lines=[
            line.object
            for line in serializers.deserialize("json", fields["lines"])
            if isinstance(line.object, TranscriptLine)
        ],
    )


def _files(call_id: UUID) -> list[Path]:
    return list(_folder().glob(f"{call_id}-*.json"))


def _folder() -> Path:
    folder: Path = settings.SPOOL_DIR / "endings"
    return folder
