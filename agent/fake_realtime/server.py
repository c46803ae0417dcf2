"""The stand-in on a loopback port: sockets and the clock around `FakeSession`.

async with FakeRealtime(canned_conversation()) as server:
    server.url  # ws://127.0.0.1:40123/v1/realtime
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Protocol, Self

from aiohttp import WSMsgType, web

from agent.fake_realtime.faults import Fault, Kind, Phase
from agent.fake_realtime.frames import Abort, Close, Frame, Raw, Timeline
from agent.fake_realtime.manner import Manner
from agent.fake_realtime.script import Script
from agent.fake_realtime.session import FakeSession

PATH = "/v1/realtime"
MODELS = "gpt-realtime"
BETA_IS_OVER = "invalid_request_error.beta_api_shape_disabled"
MAX_MESSAGE_BYTES = 16 * 1024 * 1024

_ended: web.AppKey[asyncio.Event] = web.AppKey("ended", asyncio.Event)


class FakeRealtime:
    """Serves sessions; keeps each for whoever wants to know what was said to it."""

    def __init__(
        self,
        script: Script | Callable[[], Script],
        *,
        manner: Manner | None = None,
        fault: Fault | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        speed: float = 1.0,
    ) -> None:
        self.sessions: list[FakeSession] = []
        self.refused: list[int] = []
        self._script = script
        self._manner = manner or Manner()
        self._fault = fault
        self._host, self._port = host, port
        self._speed = speed

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"ws://{self._host}:{self._port}{PATH}"

    async def __aenter__(self) -> Self:
        app = web.Application()
        app[_ended] = asyncio.Event()
        app.router.add_get(PATH, self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._runner.app[_ended].set()
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        refusal = self._refusal(request)
        if refusal is not None:
            self.refused.append(refusal)
            return web.Response(status=refusal)
        socket = web.WebSocketResponse(
            autoclose=self._manner.answers_close, compress=False, max_msg_size=MAX_MESSAGE_BYTES
        )
        await socket.prepare(request)
        if "OpenAI-Beta" in request.headers:
            error = {"type": "invalid_request_error", "code": "beta_api_shape_disabled"}
            await socket.send_json({"type": "error", "event_id": "event_1", "error": error})
            await socket.close(code=4000, message=BETA_IS_OVER.encode())
            return socket
        number = len(self.sessions) + 1
        session = FakeSession(
            self._script() if callable(self._script) else self._script,
            manner=self._manner,
            model=request.query["model"],
            fault=self._fault_of_next(),
            name=f"{number}_" if number > 1 else "",
        )
        self.sessions.append(session)
        await Connection(session, socket, request, speed=self._speed).run()
        if not self._manner.answers_close:
            await request.app[_ended].wait()  # the client's CLOSE gets no answer
        return socket

    def _fault_of_next(self) -> Fault | None:
        if self._fault is None or len(self.sessions) >= self._fault.sessions:
            return None
        return self._fault

    def _refusal(self, request: web.Request) -> int | None:
        """The status that turns a handshake away."""
        fault = self._fault_of_next()
        if fault is not None and (fault.kind is Kind.REFUSED or fault.phase is Phase.UPGRADE):
            return fault.status
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            return 401
        return None if request.query.get("model", "").startswith(MODELS) else 404


class Outgoing(Protocol):
    """What a session sends, now and later."""

    outbox: list[Frame]
    timeline: Timeline


class Session(Protocol):
    """What a socket needs of the session behind it."""

    @property
    def wire(self) -> Outgoing:
        """What it sends."""

    def begin(self) -> None:
        """The socket is open."""

    def advance(self, now_ms: float) -> None:
        """Let time pass."""

    def receive(self, text: str, now_ms: float) -> None:
        """Take one frame of the client."""


class Connection:
    """One socket: what comes in goes to the session, what it has goes out, time passes."""

    def __init__(
        self,
        session: Session,
        socket: web.WebSocketResponse,
        request: web.Request,
        *,
        speed: float,
    ) -> None:
        self._session = session
        self._socket = socket
        self._request = request
        self._speed = speed
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._has_frames = asyncio.Event()

    async def run(self) -> None:
        """Serve until either side has had enough."""
        self._session.begin()
        self._look()
        sending = asyncio.create_task(self._send_all())
        try:
            async for text in self._received():
                self._session.receive(text, self._now_ms())
                self._look()
        finally:
            if self._timer is not None:
                self._timer.cancel()
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _received(self) -> AsyncIterator[str]:
        while True:
            message = await self._socket.receive()
            if message.type is WSMsgType.TEXT:
                yield message.data
            elif message.type is not WSMsgType.BINARY:
                return

    def _now_ms(self) -> float:
        return (self._loop.time() - self._began) * 1000 * self._speed

    def _look(self) -> None:
        """Send what there is, and come back when something is due."""
        if self._session.wire.outbox:
            self._has_frames.set()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        next_ms = self._session.wire.timeline.next_ms
        if next_ms is not None:
            at = self._began + next_ms / 1000 / self._speed
            self._timer = self._loop.call_at(at, self._time_passes)

    def _time_passes(self) -> None:
        self._timer = None
        next_ms = self._session.wire.timeline.next_ms or 0
        self._session.advance(max(self._now_ms(), next_ms))
        self._look()

    async def _send_all(self) -> None:
        while True:
            await self._has_frames.wait()
            self._has_frames.clear()
            frames, self._session.wire.outbox = self._session.wire.outbox, []
            for frame in frames:
                with contextlib.suppress(ConnectionError):
                    await self._send(frame)

    async def _send(self, frame: Frame) -> None:
        match frame:
            case Raw(text=text):
                await self._socket.send_str(text)
            case Close(code=code, reason=reason):
                await self._socket.close(code=code, message=reason.encode())
            case Abort():
                if self._request.transport is not None:
                    self._request.transport.abort()
            case _:
                await self._socket.send_str(json.dumps(frame))
