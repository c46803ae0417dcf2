"""What a web process serves: all of Aloha, or the carrier's part and the people's part alone.

Large pages and exports can hold the interpreter for a moment; a process that carries calls should
not be the one that renders them. Both kinds run the same code behind a proxy that splits by path.
"""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any

from telephony import webhook_urls, ws_urls

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

OPERATORS = frozenset({"/healthz", "/readyz", "/metrics"})
CARRIER = (*webhook_urls.urlpatterns, *ws_urls.urlpatterns)


class Role(StrEnum):
    """`media` is the carrier's webhooks and sockets, `web` all the rest; both tell operators."""

    ALL = "all"
    WEB = "web"
    MEDIA = "media"

    def serves(self, path: str) -> bool:
        """Whether a process in this role answers on a path."""
        if self is Role.ALL or path in OPERATORS:
            return True
        is_the_carriers = any(url.resolve(path.removeprefix("/")) for url in CARRIER)
        return is_the_carriers is (self is Role.MEDIA)


class OnlyInRole:
    """Answers 404 to what another role serves, and refuses its sockets."""

    def __init__(self, application: Application, role: Role) -> None:
        self.application = application
        self.role = role

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.role.serves(scope["path"]):
            await self.application(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [(b"content-length", b"0")]
            await send({"type": "http.response.start", "status": 404, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
