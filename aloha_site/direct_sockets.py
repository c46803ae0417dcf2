"""uvicorn's WebSocket with a short way for what a call consists of: small whole text messages.

Those go straight to whoever listens, and what is written goes straight to the system: the server's
queue, its parser and a task for each message cost more than all that is decided about it. Other
messages, and all while nobody listens, go the server's own way.
"""

from collections.abc import Callable

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from agent.text_frames import LONGEST_WRITTEN, FrameCutter, frame_head
from telephony.caller_line import DIRECT


class Http(HttpToolsProtocol):
    """uvicorn's HTTP; where a socket takes its place, nothing of it is left."""

    def handle_websocket_upgrade(self) -> None:
        super().handle_websocket_upgrade()
        self.parser = None  # type: ignore[assignment]  # it refers back; uvicorn's own way to end it


class DirectWebSocket(WebSocketsSansIOProtocol):
    """A socket whose scope offers itself as the extension `aloha.direct`."""

    _listener: Callable[[str | bytes], bool] | None = None
    _cutter: FrameCutter | None = None
    _is_full = False  # the other end does not read as fast as we write
    _may_wait = True  # something for `receive`

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.close_sent or self.conn.extensions:
            return
        self._cutter = FrameCutter(
            self._take, self._pass_on, is_masked=True, max_bytes=self.config.ws_max_size
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
        if self.disconnected:
            return
        if self._listener is None and self._cutter is not None:
            self._forget_handshake()
            # The loop calls the cutter itself from now on.
            self.data_received = self._cutter.feed  # type: ignore[method-assign]
            self.transport.set_protocol(self)
        self._listener = take

    def _forget_handshake(self) -> None:
        """Its headers are in three places: 3 KiB, and not needed any more."""
        del self.request, self.response
        # Not where a message in pieces has begun, or the end.
        if not self.frames and self.conn.state is State.OPEN:
            self.conn = ServerProtocol(
                state=State.OPEN, max_size=self.config.ws_max_size, logger=self.conn.logger
            )

    def write(self, text: bytes) -> bool:
        """Send text, UTF-8, now; False, and nothing is sent, where `send` would wait or fail."""
        if self.close_sent or self._is_full or self.transport.is_closing():
            return False
        if len(text) > LONGEST_WRITTEN:
            return False
        self.transport.write(frame_head(len(text)) + text)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        # What refers to itself waits for the garbage collector, whose passes stop all calls.
        if self._cutter is not None:
            del self.scope["extensions"][DIRECT]
        vars(self).pop("data_received", None)
        self._listener = self._cutter = None

    def pause_writing(self) -> None:
        super().pause_writing()
        self._is_full = True

    def resume_writing(self) -> None:
        super().resume_writing()
        self._is_full = False

    def _pass_on(self, data: bytes) -> None:
        super().data_received(data)
        self._may_wait = True

    def _take(self, payload: bytes) -> bool:
        if self._listener is None or self.close_sent:
            return False
        if self._may_wait:
            if not self.queue.empty():
                return False
            self._may_wait = False
        if not payload.isascii():
            return False  # never audio; whether it is text at all, the server looks
        return self._listener(payload)
