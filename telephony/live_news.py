"""That something happened on a call, told to whoever watches it: in this process or in another.

News carry no words, only which call; who hears them looks into the database. They go through the
channel layer, in memory or Redis, and may get lost with it: whoever listens looks by itself now
and then. Whoever tells never waits: news are put down, and a task of their own sends them. While
the layer is away, stands still or is slow they are dropped and counted.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer

from telephony import metrics

logger = logging.getLogger(__name__)

ALL_CALLS = "calls"
MAX_WAITING = 1_000
"""Calls with news that are not sent yet; of one call they wait only once."""
ROUND_SECONDS = 0.2
"""Between two rounds of sending: of a call that changes all the time so often."""
SEND_SECONDS = 1.0
REST_SECONDS = 2.0
"""After the layer failed, nobody tries for so long."""


def group_of(call_sid: str) -> str:
    """The group that hears of one call."""
    return f"call.{call_sid}"


class Announcer:
    """Sends the news of one event loop; keeps a task only while there are some."""

    def __init__(self) -> None:
        self._waiting: dict[str, None] = {}
        self._sending: asyncio.Task[None] | None = None
        self._rests_until = float("-inf")
        self._is_failing = False

    def announce(self, call_sid: str) -> None:
        """Take news of a call; never waits."""
        loop = asyncio.get_running_loop()
        if call_sid in self._waiting:
            return
        if len(self._waiting) >= MAX_WAITING or loop.time() < self._rests_until:
            metrics.LIVE_NEWS.labels(outcome="dropped").inc()
            return
        self._waiting[call_sid] = None
        if self._sending is None or self._sending.done():
            self._sending = loop.create_task(self._send_all())

    async def _send_all(self) -> None:
        while self._waiting:
            for call_sid in tuple(self._waiting):
                del self._waiting[call_sid]
                try:
                    async with asyncio.timeout(SEND_SECONDS):
                        await _send(call_sid)
                except Exception as error:
                    # The outermost end of the news: whatever a layer raises, calls go on.
                    self._failed(error)
                    return
                self._succeeded()
            await asyncio.sleep(ROUND_SECONDS)

    def _failed(self, error: Exception) -> None:
        self._rests_until = asyncio.get_running_loop().time() + REST_SECONDS
        metrics.LIVE_NEWS.labels(outcome="failed").inc()
        metrics.LIVE_NEWS.labels(outcome="dropped").inc(len(self._waiting))
        self._waiting.clear()
        if not self._is_failing:
            logger.warning("live news not sent", extra={"error": type(error).__name__})
        self._is_failing = True

    def _succeeded(self) -> None:
        metrics.LIVE_NEWS.labels(outcome="sent").inc()
        if self._is_failing:
            logger.info("live news sent again")
        self._is_failing = False


_announcers: WeakKeyDictionary[asyncio.AbstractEventLoop, Announcer] = WeakKeyDictionary()


def announce(call_sid: str) -> None:
    """Tell that something happened on a call; never waits. Needs a running event loop."""
    _announcers.setdefault(asyncio.get_running_loop(), Announcer()).announce(call_sid)


async def _send(call_sid: str) -> None:
    layer = get_channel_layer()
    message = {"type": "call.news", "call_sid": call_sid}
    for group in (ALL_CALLS, group_of(call_sid)):
        await layer.group_send(group, message)


class Listener:
    """Hears the news of one group, in an event loop of a server."""

    def __init__(self, group: str) -> None:
        self._group = group
        self._heard: set[str] = set()
        self._has_heard = asyncio.Event()

    async def news(self, *, within_s: float) -> set[str]:
        """The calls there was news of since the last time; empty when nothing came in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._has_heard.wait()
        heard, self._heard = self._heard, set()
        self._has_heard.clear()
        return heard

    async def listen(self) -> None:
        """Hear news until cancelled, also those that come after the layer was away."""
        while True:
            try:
                await self._hear_all()
            except Exception as error:
                # Whatever a layer raises, whoever listens goes on looking by itself.
                logger.warning("live news not heard", extra={"error": type(error).__name__})
                await asyncio.sleep(REST_SECONDS)

    async def _hear_all(self) -> None:
        layer = get_channel_layer()
        channel = None
        try:
            async with asyncio.timeout(SEND_SECONDS):
                channel = await layer.new_channel()
                await layer.group_add(self._group, channel)
            while True:
                message = await layer.receive(channel)
                self._heard.add(message["call_sid"])
                self._has_heard.set()
        finally:
            if channel is not None:
                with contextlib.suppress(Exception):
                    async with asyncio.timeout(SEND_SECONDS):
                        await layer.group_discard(self._group, channel)


@contextlib.asynccontextmanager
async def listening(group: str) -> AsyncIterator[Listener]:
    """Hear the news of a group for the length of the block."""
    listener = Listener(group)
    hearing = asyncio.create_task(listener.listen())
    try:
        yield listener
    finally:
        hearing.cancel()
        await asyncio.wait({hearing}, timeout=2 * SEND_SECONDS)
