"""What no request may be: refused before Django spools a body or trips over a header."""

from collections.abc import Awaitable, Callable
from typing import Any

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# The largest form of ours is a page of facts; the carrier's requests are a few kilobytes.
MAX_BODY_BYTES = 1024 * 1024


class RequestLimits:
    """Answers 413 to bodies above 1 MiB, announced or not, and 400 to what Django trips over."""

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        if not length.isdigit() or int(length) > MAX_BODY_BYTES:
            await _refuse(send, 413)
            return
        # RFC 2231's encoded parameters (charset*=...) make Django's parser raise.
        if b"*" in headers.get(b"content-type", b"").partition(b";")[2]:
            await _refuse(send, 400)
            return
        if has_nul_in_cookie(scope):
            await _refuse(send, 400)
            return
        body = _CountedBody(receive)
        await self.application(scope, body.receive, send)
        if body.is_too_large:
            await _refuse(send, 413)


def has_nul_in_cookie(scope: Scope) -> bool:
    """Whether a cookie spells NUL, as a quoted one can: PostgreSQL looks for no such session."""
    return any(name == b"cookie" and rb"\000" in value for name, value in scope["headers"])


class _CountedBody:
    """Passes a body on as far as it may go; then the request looks as if the sender had left.

    Django gives up such a request without an answer, so ours is the only one.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._taken = 0

    @property
    def is_too_large(self) -> bool:
        """More came than a request may bring."""
        return self._taken > MAX_BODY_BYTES

    async def receive(self) -> dict[str, Any]:
        message = await self._receive()
        self._taken += len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.is_too_large else message


async def _refuse(send: Send, status: int) -> None:
    headers = [(b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
