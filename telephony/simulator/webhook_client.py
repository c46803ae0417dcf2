"""The carrier's HTTP side: signed form posts, and what comes back."""

import asyncio
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self
from urllib.parse import urldefrag, urlencode, urlsplit

import aiohttp
from yarl import URL

from telephony import signatures
from telephony.simulator.errors import ServerUnreachable, WebhookError
from telephony.simulator.events import Report, Warned, WebhookAnswered
from telephony.simulator.twiml import MAX_DOCUMENT_BYTES

WEBHOOK_S = 15.0
"""The whole exchange, connecting included; the carrier gives up after it."""
CONNECT_S = 5.0
CALLBACKS_S = 20.0
"""How long the end of a call waits for callbacks that are still on their way."""
HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
    "User-Agent": "TwilioProxy/1.1",
    "Accept": "*/*",
}
XML_TYPES = {"text/xml", "application/xml"}


class WebhookClient:
    """Posts to webhooks as the carrier does."""

    def __init__(self, session: aiohttp.ClientSession, *, report: Report) -> None:
        self._session = session
        self._report = report

    async def fetch_document(self, url: str, fields: Mapping[str, str]) -> bytes:
        """The TwiML that a webhook answers. Raises WebhookError."""
        status, content_type, body = await self._post(url, fields)
        path = urlsplit(url).path
        if not 200 <= status < 300:
            raise WebhookError(f"{path} answered {status}.")
        if content_type not in XML_TYPES:
            raise WebhookError(f"{path} answered {content_type} instead of text/xml.")
        return body

    async def notify(self, url: str, fields: Mapping[str, str]) -> None:
        """Post a status callback; a failure is a warning, as in the carrier's debugger."""
        try:
            status, _, _ = await self._post(url, fields)
        except WebhookError as error:
            self._report(Warned(code=error.code, text=str(error)))
            return
        if not 200 <= status < 300:
            text = f"{urlsplit(url).path} answered {status}."
            self._report(Warned(code=WebhookError.code, text=text))

    async def _post(self, url: str, fields: Mapping[str, str]) -> tuple[int, str, bytes]:
        url = urldefrag(url).url  # a fragment holds carrier settings and is not signed
        headers = HEADERS | {"X-Twilio-Signature": signatures.sign(url, fields)}
        started = time.monotonic()
        try:
            async with (
                asyncio.timeout(WEBHOOK_S),
                self._session.post(
                    URL(url, encoded=True),
                    data=urlencode(fields).encode(),
                    headers=headers,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
                ) as response,
            ):
                body = await response.content.read(MAX_DOCUMENT_BYTES + 1)
                while len(body) <= MAX_DOCUMENT_BYTES and not response.content.at_eof():
                    body += await response.content.read(MAX_DOCUMENT_BYTES + 1 - len(body))
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL, ValueError) as error:
            raise ServerUnreachable(f"Nothing answers at {_origin(url)}.") from error
        except TimeoutError as error:
            raise WebhookError(f"{urlsplit(url).path} took longer than {WEBHOOK_S:g} s.") from error
        except aiohttp.ClientError as error:
            raise WebhookError(f"{urlsplit(url).path} broke off: {error}.") from error
        took_ms = round((time.monotonic() - started) * 1000)
        self._report(
            WebhookAnswered(path=urlsplit(url).path, status=response.status, took_ms=took_ms)
        )
        return response.status, response.content_type, body


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


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
