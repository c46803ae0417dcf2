"""What all calls of a process have to write down, in few transactions.

A transaction of its own for each turn of each call took 7 % of all processor time. What comes
within a moment is written together. What the database refuses of that is tried again here, each
call's part alone, so that no call has to do with another one's fault. Where the database is away,
or somebody else holds a row for too long, nothing of it is written, and each journal comes again.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from uuid import UUID
from weakref import WeakKeyDictionary

from django.db import close_old_connections, connection

from accounts.database_faults import PASSES
from accounts.row_security import service_scope
from telephony import call_events
from telephony.call_events import EventKind
from telephony.daemon_threads import DaemonThreads
from telephony.models import FINAL_STATUSES, Call, TranscriptLine

ROUND_SECONDS = 0.2
"""Calls bring what they have at the same moments, so often."""
GATHER_SECONDS = 0.01
"""How long the first of them waits for the others."""

LOCK_WAIT = "1s"
"""For the row of one call: those written with it wait as long."""

# Each takes one of the database's connections, of which a process has ten for everything.
THREADS = 2
_threads = DaemonThreads("transcripts", limit=THREADS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one call has to write down; `being_said` is None where that has not changed."""

    call_id: UUID
    lines: Sequence[TranscriptLine]
    being_said: str | None = None
    hides_ai: bool = False


def write_down(parts: Sequence[Part]) -> None:
    """Write all of it or nothing; a repeat changes nothing. Raises django.db.Error."""
    with service_scope():
        _do_not_wait_long()
        going_on = _locked([part for part in parts if part.being_said is not None])
        # The position is unique: a repeat after a lost answer changes nothing.
        lines = [line for part in parts for line in part.lines]
        TranscriptLine.objects.bulk_create(lines, ignore_conflicts=True)
        for part in parts:
            if part.hides_ai:
                call_events.note(part.call_id, kind=EventKind.DISCLOSURE_MISSING)
            if part.being_said is not None and part.call_id in going_on:
                call_events.show_being_said(part.call_id, part.being_said)


def _do_not_wait_long() -> None:
    """A frozen process that holds the row of one call holds up the lines of no other."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")


def _locked(saying: Sequence[Part]) -> set[UUID]:
    """Those of the calls that go on; they do until this transaction is over.

    What was written as being said in a call that has ended would stay there. Whoever ends one
    locks its row before what is being said: so it is done here, or both might wait for ever.
    """
    if not saying:
        return set()
    calls = Call.objects.select_for_update(no_key=True).order_by("id")
    named = calls.filter(id__in=[part.call_id for part in saying])
    return set(named.exclude(status__in=FINAL_STATUSES).values_list("id", flat=True))


class TranscriptWriter:
    """Writes what the calls of one event loop bring."""

    def __init__(self) -> None:
        self._waiting: list[_Brought] = []
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def write(self, part: Part, *, alone: bool = False, at_once: bool = False) -> None:
        """Return when it is written. Raises django.db.Error where it could not be.

        `alone` for what failed before: in the company of others it might fail again for theirs.
        """
        loop = asyncio.get_running_loop()
        brought = part, loop.create_future()
        if alone:
            self._start([brought])
        else:
            self._waiting.append(brought)
            if at_once:
                self._start_all()
            elif self._timer is None:
                self._timer = loop.call_later(GATHER_SECONDS, self._start_all)
        await brought[1]

    def _start_all(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        together, self._waiting = self._waiting, []
        self._start(together)

    def _start(self, together: "list[_Brought]") -> None:
        task = asyncio.get_running_loop().create_task(_write_together(together))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


_Brought = tuple[Part, asyncio.Future[None]]


async def _write_together(together: list[_Brought]) -> None:
    parts = [part for part, _ in together]
    error: Exception | None = None
    try:
        await asyncio.wrap_future(_threads.submit(partial(_with_own_connection, parts)))
    except PASSES as failed:
        error = failed
    except Exception as refused:
        # What is wrong with one part is for whoever brought it.
        if len(together) > 1:
            await asyncio.gather(*(_write_together([each]) for each in together))
            return
        error = refused
    for _, written in together:
        _settle(written, error)


def _settle(written: asyncio.Future[None], error: Exception | None) -> None:
    if written.done():  # whoever waited for it has been cancelled
        return
    if error is None:
        written.set_result(None)
    else:
        written.set_exception(error)


def _with_own_connection(parts: Sequence[Part]) -> None:
    close_old_connections()
    try:
        write_down(parts)
    finally:
        close_old_connections()


_writers: WeakKeyDictionary[asyncio.AbstractEventLoop, TranscriptWriter] = WeakKeyDictionary()


def transcript_writer() -> TranscriptWriter:
    """The running event loop's."""
    return _writers.setdefault(asyncio.get_running_loop(), TranscriptWriter())


def seconds_to_next_round() -> float:
    """When the calls of this event loop bring what they have."""
    return ROUND_SECONDS - asyncio.get_running_loop().time() % ROUND_SECONDS
