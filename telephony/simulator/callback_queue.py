"""Status callbacks: sent beside the call, in order, and waited for at its end."""

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from telephony.simulator.events import Report, Warned
from telephony.simulator.webhook_client import WebhookClient

CALLBACKS_S = 20.0
"""How long the end of a call waits for callbacks that are still on their way."""


class CallbackQueue:
    """Sends status callbacks one after the other beside the call; waits for them at its end."""

    def __init__(self, client: WebhookClient, *, report: Report) -> None:
        self._client = client
        self._report = report
        self._queue: asyncio.Queue[tuple[str, Mapping[str, str]] | None] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        self._worker = asyncio.create_task(self._drain())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._queue.put_nowait(None)
        try:
            if error is None:
                await asyncio.wait([self._worker], timeout=CALLBACKS_S)
                if not self._worker.done():
                    self._report(Warned(code="11200", text="The last callbacks were given up."))
        finally:
            self._worker.cancel()
            (end,) = await asyncio.gather(self._worker, return_exceptions=True)
        if error is None and isinstance(end, Exception):
            raise end

    def send(self, url: str, fields: Mapping[str, str]) -> None:
        """Send this after what was queued before."""
        self._queue.put_nowait((url, fields))

    async def _drain(self) -> None:
        while (item := await self._queue.get()) is not None:
            await self._client.notify(*item)
