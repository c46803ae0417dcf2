"""Audio on its way to the disk while a call runs.

It is written in pieces by one writer thread for all calls. The media path only puts samples where
they were heard; pieces that are due within a twentieth of a second go to the thread together.
"""

import asyncio
import logging
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from telephony import audio_spool
from telephony.daemon_threads import DaemonThreads
from telephony.mixdown import Mixdown
from telephony.recording import interleave

logger = logging.getLogger(__name__)

PIECE_MS = 600
TOGETHER_SECONDS = 0.05
"""Waking the thread for a piece costs more than writing it."""
MAX_UNWRITTEN_BYTES = 1024 * 1024
"""About a minute of one call waits for room on the disk; what comes after that is lost."""

MAX_BACKLOG = 100
"""So many ended calls wait for room on the disk: at most 100 MiB."""
RETRY_SECONDS = 5.0

_writer = DaemonThreads("recordings", limit=1)


def all_written() -> "Future[None]":
    """Done once the disk was given everything that was due or handed over so far."""
    _together.submit()
    return _writer.submit(lambda: None)


class CallRecorder:
    """Records one call. Methods called from the media path do not touch the disk.

    `caller`, `agent` and `clear` are those of its mixdown, which says what they do: a method in
    between would be called a hundred times a second.
    """

    def __init__(self, call_id: uuid.UUID) -> None:
        self._spool = audio_spool.spool_path(call_id)
        self._mixdown = Mixdown()
        self._written_ms = 0
        self._unwritten = bytearray()  # the writer thread's
        self.caller, self.agent = self._mixdown.caller, self._mixdown.agent
        self.clear = self._mixdown.clear

    @property
    def length_ms(self) -> int:
        """How long the recording of this stream is."""
        return self._mixdown.now_ms

    def keep_up(self) -> None:
        """Hand over what has come if it is a piece; to be called all the time, within a loop."""
        if self._mixdown.now_ms - self._written_ms >= PIECE_MS:
            _together.add(self._piece())

    def reach(self, until_ms: int) -> None:
        """Record at least so far.

        The clock is the caller's frames, and the last ones are still on their way when the end of
        what the agent said has been heard: without this its last word would be cut.
        """
        self._mixdown.now_ms = max(self._mixdown.now_ms, until_ms)

    def flush(self) -> "Future[None]":
        """Hand what has come so far to the writer thread."""
        _together.submit()
        written = _writer.submit(self._piece())
        written.add_done_callback(_report)
        return written

    def finish(self) -> "Future[None]":
        """Hand over the rest; what the disk does not take is tried again while this process lives.

        Of the ended calls that wait for room the MAX_BACKLOG latest are kept.
        """
        written = self.flush()
        _writer.submit(partial(_backlog.take, self))
        return written

    def write_rest(self) -> None:
        """Write what waits. For the writer thread; raises OSError."""
        if self._unwritten:
            self._append()

    def _piece(self) -> Callable[[], None]:
        self._written_ms = self._mixdown.now_ms
        return partial(self._write, *self._mixdown.settle())

    def _write(self, caller: bytes, agent: bytes) -> None:
        self._unwritten += interleave(caller, agent)
        del self._unwritten[MAX_UNWRITTEN_BYTES:]
        if self._unwritten:
            self._append()

    def _append(self) -> None:
        audio_spool.append(self._spool, self._unwritten)
        self._unwritten.clear()


class _Together:
    """Pieces that are handed to the thread together."""

    def __init__(self) -> None:
        self._pieces: list[Callable[[], None]] = []
        self._loop: asyncio.AbstractEventLoop | None = None  # that hands them over
        self._changing = threading.Lock()  # there may be several loops

    def add(self, piece: Callable[[], None]) -> None:
        """Take a piece; it is handed over a little later."""
        loop = asyncio.get_running_loop()
        with self._changing:
            is_first = not self._pieces or self._loop is not loop
            self._pieces.append(piece)
            self._loop = loop
        if is_first:
            loop.call_later(TOGETHER_SECONDS, self.submit)

    def submit(self) -> None:
        """Hand over what there is."""
        with self._changing:
            pieces, self._pieces = self._pieces, []
            if pieces:
                _writer.submit(partial(_write_all, pieces)).add_done_callback(_report)


_together = _Together()


def _write_all(pieces: list[Callable[[], None]]) -> None:
    for piece in pieces:
        try:
            piece()
        except Exception:
            # The outermost end of one call's piece: it may wait for the disk, the others go on.
            logger.exception("audio could not be written")


class _Backlog:
    """Ended calls whose audio found no room on the disk; the writer thread's alone."""

    def __init__(self) -> None:
        self._recorders: list[CallRecorder] = []
        self._comes_back = False

    def take(self, recorder: CallRecorder) -> None:
        """Take a call that has ended, in case some of its audio waits."""
        self._recorders.append(recorder)
        if len(self._recorders) > MAX_BACKLOG:
            logger.critical("audio of an ended call lost: too many wait for room on the disk")
            del self._recorders[0]
        if not self._comes_back:
            self._write()

    def _write(self) -> None:
        try:
            while self._recorders:
                self._recorders[0].write_rest()
                del self._recorders[0]
        except OSError:
            self._come_back()
        else:
            self._comes_back = False

    def _come_back(self) -> None:
        self._comes_back = True
        timer = threading.Timer(RETRY_SECONDS, _writer.submit, [self._write])
        timer.daemon = True
        timer.start()


_backlog = _Backlog()


def _report(written: "Future[None]") -> None:
    if written.cancelled():
        logger.error("audio was not written: given up while it waited for the disk")
    elif (error := written.exception()) is not None:
        logger.error("audio could not be written", exc_info=error)
