"""What stands around every socket."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import ThreadSensitiveContext

from aloha_site.limits import has_nul_in_cookie
from telephony.daemon_threads import DaemonThreads, OneAtATime

logger = logging.getLogger(__name__)

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


DATABASE_THREADS = 20
"""Twice what there are connections: so many sockets can wait before any waits for another."""

_threads = DaemonThreads("socket-database", limit=DATABASE_THREADS)


class OwnDatabaseThread:
    """Gives each socket a database thread of its own for as long as it has work for one.

    If all sockets shared one, a slow query of one call would hold up every other. A thread for
    each that stays as long as the call costs 70 KiB, and is used for milliseconds a minute.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with ThreadSensitiveContext(executor=OneAtATime(_threads)):
            await self.application(scope, receive, send)


class ReadableCookies:
    """Refuses a browser's socket where a page would be refused for its cookies."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refuses = has_nul_in_cookie(scope)
        await (refuse_socket if refuses else self.application)(scope, receive, send)


async def refuse_socket(scope: Scope, receive: Receive, send: Send) -> None:
    """Close a socket nobody serves; without this servers answer 500 with a traceback."""
    await receive()
    logger.warning("unknown socket refused")
    await send({"type": "websocket.close", "code": 1008})
