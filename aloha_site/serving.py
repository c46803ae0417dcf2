"""The web server: uvicorn, with a way out that cuts no call.

Told to stop, it is not ready any more and takes no new streams. Running calls go on for up to
DRAIN_SECONDS; what is left then is handed over: its stream closes at the next pause and the carrier
opens another one. Meanwhile the carrier's requests are answered, on a listener that closes once
another process listens on the same port, so that what is new goes there.
"""

import asyncio
import logging
import socket
import time

import uvicorn
from django.db import Error
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.row_security import in_service_scope
from aloha_site.shared_port import say_that_we_leave, somebody_else_listens
from telephony import draining, recorder
from telephony.models import FINAL_STATUSES, Call, StreamState

logger = logging.getLogger(__name__)

HAND_OVER_SECONDS = 5
"""From the end of the drain until the last stream is closed: a sentence, and what is stored."""
LAST_WORD_SECONDS = 2
"""Then the carrier may still ask what comes next, where nobody else answers it; and open streams
that it was told of, which it does some seconds later, after the notice that is spoken first."""
LOOK_SECONDS = 0.1
ASK_SECONDS = 0.5


class DrainingServer(uvicorn.Server):
    """Serves one listening socket until SIGTERM, and then for as long as calls need it."""

    STOP_SECONDS = 2
    DISK_SECONDS = 0.5
    """For what is left at the very end, and its audio; with the two above it stays below 10 s."""

    def __init__(self, config: uvicorn.Config, *, listener: socket.socket, drain_s: float) -> None:
        super().__init__(config)
        self._listener = listener
        self._drain_s = drain_s
        self._somebody_follows = False
        self._missed_an_answer = False
        self._mark: socket.socket | None = None

    def run_until_stopped(self) -> None:
        """Serve; ends with the signal that asked for it."""
        try:
            self.run(sockets=[self._listener])
        finally:
            if self._mark:
                self._mark.close()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Drain, then stop as uvicorn does."""
        # Kept to the end: the system closes the listener some time after it is told to.
        self._mark = say_that_we_leave(self._listener)
        await self._drain()
        await super().shutdown(sockets)
        await self._write_recordings()

    async def _drain(self) -> None:
        draining.here.begin(is_alone=lambda: not self._somebody_follows)
        began_at = time.monotonic()
        logger.info("server drains", extra={"streams": draining.here.stream_count})
        await self._wait_for_streams(began_at + self._drain_s)
        handed_over_by = time.monotonic() + HAND_OVER_SECONDS
        if draining.here.stream_count:
            logger.info("streams handed over", extra={"streams": draining.here.stream_count})
            draining.here.hand_over_all()
            await self._wait_for_streams(handed_over_by)
        await self._wait_for_last_words(handed_over_by + LAST_WORD_SECONDS)
        logger.info("server stops", extra={"seconds": round(time.monotonic() - began_at, 1)})

    async def _wait_for_streams(self, until: float) -> None:
        while draining.here.stream_count and time.monotonic() < until and not self.force_exit:
            await self._go_on_serving()

    async def _wait_for_last_words(self, until: float) -> None:
        """While nobody else answers the carrier: until no call needs it any more."""
        asked_at = float("-inf")
        while not self._somebody_follows and time.monotonic() < until and not self.force_exit:
            await self._go_on_serving()
            if time.monotonic() - asked_at > ASK_SECONDS:
                if not await self._any_goes_on(within_s=until - time.monotonic()):
                    return
                asked_at = time.monotonic()

    async def _any_goes_on(self, *, within_s: float) -> bool:
        """Whether a call needs this process; with nobody to ask one may."""
        try:
            async with asyncio.timeout(within_s):
                return await in_service_scope(_running_calls().exists)
        except (Error, TimeoutError):
            if not self._missed_an_answer:
                logger.warning("the database does not say which calls go on", exc_info=True)
            self._missed_an_answer = True
            return True

    async def _write_recordings(self) -> None:
        """The signal that asked for the end, given again, ends the process in the next moment."""
        written = asyncio.wrap_future(recorder.all_written())
        await asyncio.wait([written], timeout=self.DISK_SECONDS)
        if not written.done():
            logger.error("audio lost: the disk does not take it in time")

    async def _go_on_serving(self) -> None:
        await self.on_tick(0)  # keeps the date of answers
        if not self._somebody_follows and somebody_else_listens(self._listener):
            self._somebody_follows = True
            await self._leave_the_port()
        await asyncio.sleep(LOOK_SECONDS)

    async def _leave_the_port(self) -> None:
        """Close the listener; connections that the system has already given us are served."""
        with self._listener.dup() as accepted:
            accepted.setblocking(False)
            for server in self.servers:
                server.close()
            self._listener.close()
            await asyncio.sleep(0)
            # Whoever stands in the queue of a listener that closes is thrown out.
            while await self._serves_next(accepted):
                pass
        logger.info("another process listens on the port")

    async def _serves_next(self, accepted: socket.socket) -> bool:
        """Whether there may be another; running calls matter more than one that cannot be had."""
        try:
            connection, _ = accepted.accept()
            await asyncio.get_running_loop().connect_accepted_socket(self._protocol, connection)
        except BlockingIOError:
            return False
        except ConnectionError:
            return True  # gone while it stood in the queue
        except OSError:
            logger.exception("connections thrown out with the port")
            return False
        return True

    def _protocol(self) -> asyncio.Protocol:
        """As uvicorn makes them for its own listeners."""
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )


def _running_calls() -> QuerySet[Call]:
    """Calls that had a stream here and are not over, and those that are still to get theirs."""
    was_here = Q(id__in=draining.here.carried)
    is_to_come = Q(stream_state=StreamState.ISSUED, stream_token_expires_at__gt=timezone.now())
    return Call.objects.filter(was_here | is_to_come).exclude(status__in=FINAL_STATUSES)
