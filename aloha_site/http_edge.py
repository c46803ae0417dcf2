"""What the server does with every HTTP request, whatever answers it."""

import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from telephony import draining

logger = logging.getLogger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class CloseWhileDraining:
    """Ends kept-alive connections with their next answer once the server is on its way out."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_last(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start" and draining.here.has_begun:
                message["headers"] = [*message.get("headers", []), (b"connection", b"close")]
            await send(message)

        await self.application(scope, receive, send_last if scope["type"] == "http" else send)


class AccessLog:
    """One line for every request: method, path without its query, status, milliseconds.

    Tokens in paths are masked where all lines are; sockets tell their own story.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        began_at, status = time.monotonic(), 0

        async def send_noted(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.application(scope, receive, send_noted)
        finally:
            logger.info(
                "request",
                extra={
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": status,
                    "ms": round((time.monotonic() - began_at) * 1_000),
                },
            )
