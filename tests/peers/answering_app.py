"""A small server that answers calls on loopback: Aloha's side, for the simulator's tests.

It refuses what is not signed, answers the TwiML it was told to, and lets a test script the media
socket. It stands on its own, so that the simulator is not tested against the code it tests.
"""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import quoteattr

from aiohttp import web

from telephony import signatures

INCOMING = "/api/twilio/voice/incoming"
AFTER_STREAM = "/api/twilio/voice/after-stream"
STATUS = "/api/twilio/voice/status"
STREAM_STATUS = "/api/twilio/voice/stream-status"
RECORDING = "/api/twilio/voice/recording"
FALLBACK = "/api/twilio/voice/fallback"
STREAM = "/api/twilio/voice/stream/a-token"
HANG_UP = "<Response><Hangup/></Response>"

Document = str | int | Callable[[Mapping[str, str]], str | int]
"""TwiML, or the status of an empty answer, or what makes one of the two from the form."""


class Stream:
    """The server's end of one media socket."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        *,
        transport: asyncio.Transport,
        log: list[dict[str, Any]],
    ) -> None:
        self.socket = socket
        self._transport = transport
        self.sid = ""
        self._log = log

    async def receive(self) -> dict[str, Any]:
        """The next message. Raises ConnectionError once the carrier has closed."""
        message = await self.socket.receive()
        if message.type is not web.WSMsgType.TEXT:
            raise ConnectionError(message.type.name)
        content: dict[str, Any] = json.loads(message.data)
        self.sid = content.get("streamSid", self.sid)
        self._log.append(content)
        return content

    async def receive_until(self, event: str) -> dict[str, Any]:
        """Skip messages up to the next of this kind."""
        while (message := await self.receive())["event"] != event:
            pass
        return message

    async def send(self, event: str, **content: Any) -> None:
        """A message as the documentation has it."""
        await self.socket.send_json({"event": event, "streamSid": self.sid, **content})

    async def say(self, audio: bytes) -> None:
        """Audio for the caller."""
        await self.send("media", media={"payload": base64.b64encode(audio).decode()})

    def break_off(self) -> None:
        """Die without a close frame, like a process that was killed."""
        self._transport.abort()

    async def mark(self, name: str) -> None:
        """Ask to be told when everything so far was played."""
        await self.send("mark", mark={"name": name})


async def listen_until_closed(stream: Stream) -> None:
    """The plainest agent: takes everything, says nothing."""
    while True:
        await stream.receive()


@dataclass(frozen=True, slots=True)
class Request:
    """One signed request that came in."""

    path: str
    form: dict[str, str]
    headers: Mapping[str, str]


@dataclass
class AnsweringApp:
    """What the server answers, and what it was asked.

    `answers` maps a path to its TwiML, `files` to what a GET brings.
    """

    answers: dict[str, Document] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    agent: Callable[[Stream], Awaitable[None]] = listen_until_closed
    refuse_stream_with: int | None = None
    base_url: str = ""
    requests: list[Request] = field(default_factory=list)
    handshakes: list[Mapping[str, str]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)

    @property
    def stream_url(self) -> str:
        """The socket's address as TwiML says it."""
        return "ws" + self.base_url.removeprefix("http") + STREAM

    def connect(self, *, action: str | None = AFTER_STREAM, parameter: str = "live") -> str:
        """TwiML that opens the media socket."""
        after = f" action={quoteattr(action)}" if action else ""
        return (
            f"<Response><Connect{after}><Stream url={quoteattr(self.stream_url)}"
            f" statusCallback={quoteattr(self.base_url + STREAM_STATUS)}>"
            f"<Parameter name='callType' value={quoteattr(parameter)}/>"
            "</Stream></Connect></Response>"
        )

    def posted(self, path: str) -> list[dict[str, str]]:
        """The forms posted to a path, oldest first."""
        return [request.form for request in self.requests if request.path == path]

    async def post(self, request: web.Request) -> web.Response:
        """Any webhook."""
        form = {name: str(value) for name, value in (await request.post()).items()}
        url = self.base_url + request.path_qs
        if not signatures.is_authentic(url, form, request.headers.get("X-Twilio-Signature", "")):
            return web.Response(status=403)
        self.requests.append(Request(request.path, form, request.headers.copy()))
        document = self.answers.get(request.path, 204)
        answer = document(form) if callable(document) else document
        if isinstance(answer, int):
            return web.Response(status=answer)
        return web.Response(text=answer, content_type="text/xml")

    async def get(self, request: web.Request) -> web.Response:
        """A file."""
        content = self.files.get(request.path)
        return web.Response(status=404) if content is None else web.Response(body=content)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """The media socket."""
        signature = request.headers.get("X-Twilio-Signature", "")
        if not signatures.is_authentic(self.stream_url, {}, signature):
            return web.Response(status=403)
        self.handshakes.append(request.headers.copy())
        if self.refuse_stream_with is not None:
            return web.Response(status=self.refuse_stream_with)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        assert request.transport is not None
        stream = Stream(socket, transport=request.transport, log=self.messages)
        with contextlib.suppress(ConnectionError):
            await self.agent(stream)
        await socket.close()
        return socket


@contextlib.asynccontextmanager
async def serving(app: AnsweringApp) -> AsyncIterator[AnsweringApp]:
    """Answer on a free port of this machine."""
    application = web.Application()
    application.router.add_get(STREAM, app.stream)
    application.router.add_get("/{path:.*}", app.get)
    application.router.add_post("/{path:.*}", app.post)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        app.base_url = f"http://{host}:{port}"
        yield app
    finally:
        await runner.cleanup()
