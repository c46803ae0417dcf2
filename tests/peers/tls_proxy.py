"""A proxy in front of Aloha: ends TLS, changes the Host, adds X-Forwarded-*, passes sockets on."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator

import aiohttp
from aiohttp import web

HOP_BY_HOP = {"connection", "host", "content-length", "transfer-encoding", "upgrade"}


class _Proxy:
    """`upstream` is http://host:port; `host` is what the proxy calls it in the Host header."""

    def __init__(self, upstream: str, *, host: str) -> None:
        self.upstream = upstream
        self.host = host

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in HOP_BY_HOP and not name.lower().startswith("sec-websocket")
        }
        headers |= {
            "Host": self.host,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": request.host,
            "X-Forwarded-For": request.remote or "",
        }
        url = self.upstream + request.raw_path
        async with aiohttp.ClientSession() as session:
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await self._pass_socket(request, session, url, headers)
            body = await request.read()
            async with session.request(
                request.method, url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return web.Response(
                    status=answer.status,
                    body=await answer.read(),
                    headers={
                        name: value
                        for name, value in answer.headers.items()
                        if name.lower() not in HOP_BY_HOP
                    },
                )

    async def _pass_socket(
        self,
        request: web.Request,
        session: aiohttp.ClientSession,
        url: str,
        headers: dict[str, str],
    ) -> web.StreamResponse:
        try:
            inner = await session.ws_connect(url, headers=headers)
        except aiohttp.WSServerHandshakeError as error:
            return web.Response(status=error.status)
        outer = web.WebSocketResponse()
        await outer.prepare(request)
        await asyncio.wait(
            [asyncio.create_task(_copy(outer, inner)), asyncio.create_task(_copy(inner, outer))],
            return_when=asyncio.FIRST_COMPLETED,
        )
        await inner.close(code=outer.close_code or 1000)
        await outer.close(code=inner.close_code or 1000)
        return outer


async def _copy(source, target) -> None:
    with contextlib.suppress(ConnectionError, aiohttp.ClientError):
        async for message in source:
            if message.type is aiohttp.WSMsgType.TEXT:
                await target.send_str(message.data)


@contextlib.contextmanager
def tls_proxy(upstream: str, *, host: str, server_tls: ssl.SSLContext) -> Iterator[int]:
    """Serve from a thread; yields the port on 127.0.0.1."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    ready = threading.Event()
    ports: list[int] = []

    async def serve() -> None:
        application = web.Application(client_max_size=1024**2)
        application.router.add_route("*", "/{path:.*}", _Proxy(upstream, host=host).handle)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_tls).start()
        ports.append(runner.addresses[0][1])
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(5), "the proxy did not start"
        yield ports[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(5)
        loop.close()
