"""The caller's end of a conversation: one accepted media socket, and the frames on it."""

from collections.abc import Awaitable, Callable
from typing import Any

from telephony.errors import FrameError
from telephony.media_stream import FrameWriter

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class CallerLine:
    """Reads and writes the frames of one stream; what is written to a line that is gone is lost."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._writer = FrameWriter("")
        self.is_gone = False

    def begin(self, stream_sid: str) -> None:
        """The stream has started: frames can be addressed to it."""
        self._writer = FrameWriter(stream_sid)

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

    async def play(self, payload: str) -> None:
        """Send audio, base64 mu-law."""
        await self._write(self._writer.media(payload))

    async def mark(self, name: str) -> None:
        """Ask for a mark back."""
        await self._write(self._writer.mark(name))

    async def clear(self) -> None:
        """Drop what has not been played."""
        await self._write(self._writer.clear)

    async def hang_up(self) -> None:
        """Close the socket: the carrier goes on with what comes after the stream."""
        await self._pass({"type": "websocket.close", "code": 1000})

    async def _write(self, text: str) -> None:
        await self._pass({"type": "websocket.send", "text": text})

    async def _pass(self, message: dict[str, Any]) -> None:
        if self.is_gone:
            return
        try:
            await self._send(message)
        except OSError:
            # As servers say it that the other end was faster; its disconnect is still to be read.
            self.is_gone = True
