"""What stands around every socket."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import ThreadSensitiveContext

logger = logging.getLogger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class OwnDatabaseThread:
    """Gives each socket a database thread of its own.

    Otherwise all sockets share one, and a slow query of one call holds up every other.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with ThreadSensitiveContext():
            await self.application(scope, receive, send)


async def refuse_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """Close a socket nobody serves; without this servers answer 500 with a traceback."""
    await receive()
    logger.warning("unknown socket refused")
    await send({"type": "websocket.close", "code": 1008})
