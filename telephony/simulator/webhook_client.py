"""The carrier's HTTP side: signed form posts, and what comes back."""

import asyncio
import time
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
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
CONNECT_TRIES = 2
HEADERS = {
    "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
    "User-Agent": "TwilioProxy/1.1",
    "Accept": "*/*",
}
XML_TYPES = {"text/xml", "application/xml"}
REPEAT = "repeat"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """One signed request, the same bytes and headers however often it is sent."""

    url: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    content_type: str
    body: bytes


class WebhookClient:
    """Posts to webhooks as the carrier does.

    A connection that fails is tried once more. Requests whose path ends in a name of
    `deliver_twice` are sent again after their answer: the first answer counts, a second one that
    differs is a warning.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        report: Report,
        deliver_twice: Collection[str] = (),
    ) -> None:
        self._session = session
        self._report = report
        self._deliver_twice = deliver_twice

    async def fetch_document(self, url: str, fields: Mapping[str, str]) -> bytes:
        """The TwiML that a webhook answers. Raises WebhookError."""
        answer = await self._deliver(url, fields)
        path = urlsplit(url).path
        if not 200 <= answer.status < 300:
            raise WebhookError(f"{path} answered {answer.status}.")
        if answer.content_type not in XML_TYPES:
            raise WebhookError(f"{path} answered {answer.content_type} instead of text/xml.")
        return answer.body

    async def notify(self, url: str, fields: Mapping[str, str]) -> None:
        """Post a status callback; a failure is a warning, as in the carrier's debugger."""
        try:
            answer = await self._deliver(url, fields)
        except WebhookError as error:
            self._report(Warned(code=error.code, text=str(error)))
            return
        if not 200 <= answer.status < 300:
            text = f"{urlsplit(url).path} answered {answer.status}."
            self._report(Warned(code=WebhookError.code, text=text))

    async def _deliver(self, url: str, fields: Mapping[str, str]) -> _Answer:
        request = _signed(url, fields)
        answer = await self._send(request)
        if request.path.rpartition("/")[2] in self._deliver_twice:
            await self._repeat(request, answer)
        return answer

    async def _repeat(self, request: _Request, first: _Answer) -> None:
        try:
            second = await self._send(request, is_repeat=True)
        except WebhookError as error:
            self._report(Warned(code=error.code, text=f"When asked again: {error}"))
            return
        if second != first:
            text = f"{request.path} answered the same request in two ways."
            self._report(Warned(code=REPEAT, text=text))

    async def _send(self, request: _Request, *, is_repeat: bool = False) -> _Answer:
        """One exchange and its report. Raises WebhookError."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(WEBHOOK_S):
                answer = await self._post(request)
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL, ValueError) as error:
            raise ServerUnreachable(f"Nothing answers at {_origin(request.url)}.") from error
        except TimeoutError as error:
            raise WebhookError(f"{request.path} took longer than {WEBHOOK_S:g} s.") from error
        except aiohttp.ClientError as error:
            raise WebhookError(f"{request.path} broke off: {error}.") from error
        took_ms = round((time.monotonic() - started) * 1000)
        self._report(
            WebhookAnswered(
                path=request.path, status=answer.status, took_ms=took_ms, is_repeat=is_repeat
            )
        )
        return answer

    async def _post(self, request: _Request) -> _Answer:
        for _ in range(CONNECT_TRIES - 1):
            try:
                return await self._post_once(request)
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
                continue
        return await self._post_once(request)

    async def _post_once(self, request: _Request) -> _Answer:
        async with self._session.post(
            URL(request.url, encoded=True),
            data=request.body,
            headers=request.headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
        ) as response:
            body = await response.content.read(MAX_DOCUMENT_BYTES + 1)
            while len(body) <= MAX_DOCUMENT_BYTES and not response.content.at_eof():
                body += await response.content.read(MAX_DOCUMENT_BYTES + 1 - len(body))
        return _Answer(status=response.status, content_type=response.content_type, body=body)


def _signed(url: str, fields: Mapping[str, str]) -> _Request:
    url = urldefrag(url).url  # a fragment holds carrier settings and is not signed
    headers = {
        **HEADERS,
        "X-Twilio-Signature": signatures.sign(url, fields),
        "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
    }
    return _Request(url=url, body=urlencode(fields).encode(), headers=headers)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
