"""The stand-in on a loopback port: sockets around `FakeLiveSession`.

async with FakeLive(canned_conversation) as server:
    server.url  # ws://127.0.0.1:40123/v1/live/sessions
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from agent.fake_live.manner import LiveManner
from agent.fake_live.session import FakeLiveSession
from agent.fake_realtime.faults import Fault, Kind, Phase
from agent.fake_realtime.script import Script
from agent.fake_realtime.server import MAX_MESSAGE_BYTES, Connection

PATH = "/v1/live/sessions"

_ended: web.AppKey[asyncio.Event] = web.AppKey("ended", asyncio.Event)


class FakeLive:
    """Serves sessions; keeps each for whoever wants to know what was said to it."""

    def __init__(
        self,
        script: Script | Callable[[], Script],
        *,
        manner: LiveManner | None = None,
        fault: Fault | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.sessions: list[FakeLiveSession] = []
        self.refused: list[int] = []
        self._script = script
        self._manner = manner or LiveManner()
        self._fault = fault
        self._host, self._port = host, port

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
        await web.TCPSite(self._runner, self._host, self._port).start()
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
        number = len(self.sessions) + 1
        session = FakeLiveSession(
            self._script() if callable(self._script) else self._script,
            manner=self._manner,
            fault=self._fault_of_next(),
            name=f"{number}_" if number > 1 else "",
        )
        self.sessions.append(session)
        await Connection(session, socket, request, speed=1.0).run()
        if not self._manner.answers_close:
            await request.app[_ended].wait()  # the client's CLOSE gets no answer
        return socket

    def _fault_of_next(self) -> Fault | None:
        if self._fault is None or len(self.sessions) >= self._fault.sessions:
            return None
        return self._fault

    def _refusal(self, request: web.Request) -> int | None:
        """The status that turns a handshake away; the model is named in the session alone."""
        fault = self._fault_of_next()
        if fault is not None and (fault.kind is Kind.REFUSED or fault.phase is Phase.UPGRADE):
            return fault.status
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            return 401
        return 400 if request.query_string or "OpenAI-Beta" in request.headers else None
