"""The caller's end of a conversation: one accepted media socket, and the frames on it.

Where the server offers it, frames go straight between socket and conversation: a turn of the loop
and three coroutines for each of them cost more than what is decided about it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from telephony.errors import FrameError
from telephony.media_stream import FrameWriter

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

DIRECT = "aloha.direct"
"""The ASGI extension of a scope under which a `DirectSocket` is found."""


class DirectSocket(Protocol):
    """A server's socket that can be used beside `receive` and `send`, without waiting."""

    def listen(self, take: Callable[[str | bytes], bool]) -> None:
        """Offer text messages to `take` as they come; what it refuses comes by `receive`."""

    def write(self, text: bytes) -> bool:
        """Send text, UTF-8, now; False, and nothing is sent, where `send` would wait or fail."""


class CallerLine:
    """Reads and writes the frames of one stream; what is written to a line that is gone is lost.

    Frames go out in the order they are written. Nothing that writes waits: what the line does not
    take at once stands in line for a task.
    """

    def __init__(self, receive: Receive, send: Send, direct: DirectSocket | None = None) -> None:
        self._receive = receive
        self._send = send
        self._direct = direct
        self._writer = FrameWriter("")
        self._waiting: list[bytes] = []
        self._sending: asyncio.Task[None] | None = None
        self.is_gone = False
        self.is_congested = False  # frames wait for a line that does not take them

    def begin(self, stream_sid: str) -> None:
        """The stream has started: frames can be addressed to it."""
        self._writer = FrameWriter(stream_sid)

    def listen(self, take: Callable[[str | bytes], bool]) -> None:
        """Offer frames to `take` as they come, if the server can; the rest comes by `text`."""
        if self._direct is not None:
            self._direct.listen(take)

    async def text(self) -> str | None:
        """The next frame's text, None when the line is gone. Raises FrameError if it has none."""
        message = await self._receive()
        if message["type"] == "websocket.disconnect":
            self.is_gone = True
            return None
        text: str | None = message.get("text")
        if text is None:
            raise FrameError("A binary frame.")
        return text

    def play(self, audio: bytes) -> None:
        """Send audio, mu-law."""
        text = self._writer.media(audio)
        if self.is_congested or self._direct is None or not self._direct.write(text):
            self._write(text)

    def mark(self, name: str) -> None:
        """Ask for a mark back."""
        self._write(self._writer.mark(name))

    def clear(self) -> None:
        """Drop what has not been played."""
        self._write(self._writer.clear)

    async def drained(self) -> None:
        """Wait until no frame waits any more."""
        while self._sending is not None:
            await asyncio.shield(self._sending)

    async def hang_up(self) -> None:
        """Close the socket: the carrier goes on with what comes after the stream."""
        await self.drained()
        await self._pass({"type": "websocket.close", "code": 1000})

    async def close(self) -> None:
        """Give up what still waits."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.gather(self._sending, return_exceptions=True)

    def _write(self, text: bytes) -> None:
        if not self.is_congested:
            if self._direct is not None and self._direct.write(text):
                return
            self.is_congested = True
            self._sending = asyncio.create_task(self._send_waiting())
        self._waiting.append(text)

    async def _send_waiting(self) -> None:
        try:
            while self._waiting:
                text = self._waiting.pop(0).decode()
                await self._pass({"type": "websocket.send", "text": text})
        finally:
            self._sending = None
            self.is_congested = False

    async def _pass(self, message: dict[str, Any]) -> None:
        if self.is_gone:
            return
        try:
            await self._send(message)
        except OSError:
            # As servers say it that the other end was faster; its disconnect is still to be read.
            self.is_gone = True
