"""The bytes of a socket to an agent's server: handshake, messages in and out, heartbeat, close.

The protocol is that of `websockets`, without its tasks: a message is given away from within the
callback that received it, and one that is sent is written at once.
"""

import asyncio
import functools
import random
import ssl
from collections.abc import Callable, Mapping
from typing import Self, cast

from aiohappyeyeballs import start_connection
from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.uri import WebSocketURI, parse_uri

from agent.text_frames import LONGEST_WRITTEN, FrameCutter, text_frame
from agent.wake import Wake

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
HEARTBEAT_SECONDS = 30.0
ANSWER_SECONDS = 15.0  # to a heartbeat; whatever the server sends is one
OTHER_ADDRESS_SECONDS = 0.25  # then the host's next address is tried as well
END_OF_HEAD = b"\r\n\r\n"


class HandshakeRefused(Exception):
    """The server does not open a socket; `status` is its HTTP status, 0 without a whole answer."""

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status


class RealtimeWire(asyncio.Protocol):
    """One socket.

    `take` gets each message, None for one that is no text; that it always says it has taken it fits
    the cutter, which asks. `ended` gets the code of the close once no message counts any more and
    none is sent. Neither may raise.
    """

    def __init__(
        self,
        uri: WebSocketURI,
        *,
        take: Callable[[bytes | None], bool],
        ended: Callable[[int], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._protocol = ClientProtocol(uri, max_size=MAX_MESSAGE_BYTES)
        self._cutter = FrameCutter(
            take, self._take_others, is_masked=False, max_bytes=MAX_MESSAGE_BYTES
        )
        self._take, self._ended = take, ended
        self._transport: asyncio.Transport
        self._head: bytes | None = b""  # of the answer to the handshake; None once it is through
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._is_open = False
        self._pieces: list[bytes] = []
        self._kind = Opcode.TEXT
        self._writable = Wake()
        self._writable.set()
        self.is_congested = False  # the server does not read as fast as we send
        self._heard_pieces = 0  # until the last beat
        self._quiet_s = 0.0
        self._heartbeat: asyncio.TimerHandle | None = None
        self._gone = Wake()
        self.is_closed = False

    @classmethod
    async def open(
        cls,
        url: str,
        headers: Mapping[str, str],
        *,
        take: Callable[[bytes | None], bool],
        ended: Callable[[int], None],
    ) -> Self:
        """Connect. Raises OSError where nobody answers, InvalidURI and HandshakeRefused."""
        uri = parse_uri(url)
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(uri.host, uri.port, type=1)
        sock = await start_connection(found, happy_eyeballs_delay=OTHER_ADDRESS_SECONDS)
        wire = cls(uri, take=take, ended=ended)
        try:
            await loop.create_connection(
                lambda: wire,
                sock=sock,
                ssl=_tls() if uri.secure else None,
                server_hostname=uri.host if uri.secure else None,
            )
        except BaseException:
            sock.close()
            raise
        try:
            await wire._shake_hands(headers)
        except BaseException:
            wire.drop()
            raise
        return wire

    def write(self, message: bytes) -> bool:
        """Send a message, or put it behind those that the server has not read; False when gone."""
        if self.is_closed or self._transport.is_closing():
            return False
        if len(message) > LONGEST_WRITTEN:
            self._protocol.send_text(message)
            self._flush()
            return True
        # A mask keeps proxies from taking payload for a request; it is no secret.
        mask = random.getrandbits(32).to_bytes(4)
        self._transport.write(text_frame(message, mask))
        return True

    async def drained(self) -> None:
        """Wait until the server reads as fast as we send, or is gone."""
        await self._writable.wait()

    async def close(self) -> None:
        """Say goodbye and wait until the server has gone too."""
        if not self.is_closed:
            self._end(CloseCode.NORMAL_CLOSURE)
            self._protocol.send_close(CloseCode.NORMAL_CLOSURE)
            self._flush()
        await self._gone.wait()

    def drop(self) -> None:
        """Leave without a word."""
        self._end(CloseCode.ABNORMAL_CLOSURE)
        self._transport.abort()

    async def _shake_hands(self, headers: Mapping[str, str]) -> None:
        request = self._protocol.connect()
        request.headers.update(headers)
        self._protocol.send_request(request)
        self._flush()
        await self._opened
        if not self.is_closed:
            self._heartbeat = self._loop.call_later(ANSWER_SECONDS, self._beat)

    # --- What the loop calls ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._head is None:
            self._take_behind_head(data)
            return
        head, found, rest = (self._head + data).partition(END_OF_HEAD)
        self._head = head if not found else None
        if found:
            self._take_others(head + found)
            self._take_behind_head(rest)

    def connection_lost(self, error: Exception | None) -> None:
        if not self._opened.done():
            self._protocol.receive_eof()  # where an answer without a length ends
            self._refuse_if_failed()
        if not self._opened.done():
            self._opened.set_exception(HandshakeRefused(0))
        self._end(CloseCode.ABNORMAL_CLOSURE)
        self.resume_writing()
        self._gone.set()
        # What refers to itself waits for the garbage collector, whose passes stop all calls.
        vars(self).pop("data_received", None)
        del self._cutter, self._take, self._ended, self._opened

    def pause_writing(self) -> None:
        self.is_congested = True
        self._writable.clear()

    def resume_writing(self) -> None:
        self.is_congested = False
        self._writable.set()

    def _take_behind_head(self, data: bytes) -> None:
        """Frames, for the cutter from the first on; or what a refusal says in its body."""
        if self._is_open:
            self._cutter.feed(data)
        elif data:
            self._take_others(data)

    # --- Messages ---

    def _take_others(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._take_frame(event)
            elif self._protocol.handshake_exc is None and not self._opened.done():
                self._is_open = True
                # Without the handshake's headers, 2 KiB.
                self._protocol = ClientProtocol(
                    self._protocol.uri, state=State.OPEN, max_size=MAX_MESSAGE_BYTES
                )
                # The loop calls the cutter itself from now on.
                self.data_received = self._cutter.feed  # type: ignore[method-assign]
                self._transport.set_protocol(self)
                self._opened.set_result(None)
        self._refuse_if_failed()
        self._flush()
        closing = self._protocol.close_rcvd or self._protocol.close_sent
        if closing is not None:
            says_nothing = closing.code == CloseCode.NO_STATUS_RCVD
            self._end(CloseCode.ABNORMAL_CLOSURE if says_nothing else closing.code)
            self._transport.close()

    def _take_frame(self, frame: Frame) -> None:
        if frame.opcode in {Opcode.TEXT, Opcode.BINARY}:
            self._pieces, self._kind = [bytes(frame.data)], frame.opcode
        elif frame.opcode is Opcode.CONT:
            self._pieces.append(bytes(frame.data))
        else:
            return  # the protocol has answered it
        if frame.fin and not self.is_closed:
            whole, self._pieces = b"".join(self._pieces), []
            self._take(whole if self._kind is Opcode.TEXT else None)

    def _refuse_if_failed(self) -> None:
        error = self._protocol.handshake_exc
        if error is None or self._opened.done():
            return
        status = error.response.status_code if isinstance(error, InvalidStatus) else 0
        self._opened.set_exception(HandshakeRefused(status))

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.close()

    def _beat(self) -> None:
        if self.is_closed:
            return
        has_heard = self._cutter.pieces > self._heard_pieces
        self._heard_pieces = self._cutter.pieces
        self._quiet_s = 0.0 if has_heard else self._quiet_s + ANSWER_SECONDS
        if self._quiet_s >= HEARTBEAT_SECONDS + ANSWER_SECONDS:
            self.drop()
            return
        if self._quiet_s >= HEARTBEAT_SECONDS:
            self._protocol.send_ping(b"")
            self._flush()
        self._heartbeat = self._loop.call_later(ANSWER_SECONDS, self._beat)

    def _end(self, code: int) -> None:
        if self.is_closed:
            return
        self.is_closed = True
        if self._heartbeat is not None:
            self._heartbeat.cancel()
        self._ended(code)


@functools.cache
def _tls() -> ssl.SSLContext:
    """One for all calls: reading the system's certificates takes 20 ms and half a megabyte."""
    return ssl.create_default_context()
