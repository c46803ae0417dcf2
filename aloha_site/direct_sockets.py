"""uvicorn's WebSocket with a short way for what a call consists of: small whole text messages.

Those go straight to whoever listens, and what is written goes straight to the system: the server's
queue, its parser and a task for each message cost more than all that is decided about it. Other
messages, and all while nobody listens, go the server's own way.
"""

from collections.abc import Callable

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from agent.text_frames import LONGEST_WRITTEN, FrameCutter, text_frame
from telephony.caller_line import DIRECT


class DirectWebSocket(WebSocketsSansIOProtocol):
    """A socket whose scope offers itself as the extension `aloha.direct`."""

    _listener: Callable[[str | bytes], bool] | None = None
    _cutter: FrameCutter | None = None
    _is_full = False  # the other end does not read as fast as we write

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.close_sent or self.conn.extensions:
            return
        self._cutter = FrameCutter(
            self._take, super().data_received, is_masked=True, max_bytes=self.config.ws_max_size
        )
        self.scope["extensions"][DIRECT] = self  # type: ignore[assignment]  # our extension

    def data_received(self, data: bytes) -> None:
        if self._cutter is None:
            super().data_received(data)
        elif self.handshake_complete:
            self._cutter.feed(data)
        else:
            self.transport.abort()  # nobody may speak before the handshake is answered

    def listen(self, take: Callable[[str | bytes], bool]) -> None:
        """Offer text messages to `take`; the others come by `receive`.

        Those are what it refuses, and what comes while something before it waits for `receive`.
        """
        if self._listener is None:
            del self.request, self.response  # of the handshake: headers, and not needed any more
        self._listener = take

    def write(self, text: str) -> bool:
        """Send text now; False, and nothing is sent, where `send` would wait or fail."""
        if self.close_sent or self._is_full or self.transport.is_closing():
            return False
        payload = text.encode()
        if len(payload) > LONGEST_WRITTEN:
            return False
        self.transport.write(text_frame(payload))
        return True

    def pause_writing(self) -> None:
        super().pause_writing()
        self._is_full = True

    def resume_writing(self) -> None:
        super().resume_writing()
        self._is_full = False

    def _take(self, payload: bytes) -> bool:
        if self._listener is None or self.close_sent or not self.queue.empty():
            return False
        if not payload.isascii():
            return False  # never audio; whether it is text at all, the server looks
        return self._listener(payload)
