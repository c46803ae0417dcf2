"""The carrier's end of a media socket: the caller's audio out, the agent's in, in real time."""

import asyncio
import contextlib
import uuid
from collections.abc import Iterable
from typing import assert_never

import aiohttp
from yarl import URL

from agent.speech import mulaw
from telephony import signatures
from telephony.simulator.call_identity import CallIdentity
from telephony.simulator.callers import Listener
from telephony.simulator.errors import InvalidStreamMessage, StreamRefused
from telephony.simulator.events import (
    Party,
    PlaybackCleared,
    Report,
    StreamClosed,
    StreamOpened,
    Warned,
)
from telephony.simulator.line import Line, LineLeft
from telephony.simulator.loudness import is_loud
from telephony.simulator.playback import PlaybackBuffer
from telephony.simulator.stream_messages import (
    CONNECTED,
    Clear,
    Mark,
    Media,
    StreamWriter,
    read_server_message,
)
from telephony.simulator.verbs import Stream

HANDSHAKE_S = 5.0
SEND_S = 5.0
"""A server that takes no frame for so long has lost the stream."""
CLOSE_S = 5.0
CLEAN_CLOSE_CODES = {1000, 1001, 1005}


def new_stream_sid() -> str:
    """An id as Twilio gives to streams."""
    return f"MZ{uuid.uuid4().hex}"


async def open_socket(
    session: aiohttp.ClientSession, url: str
) -> aiohttp.ClientWebSocketResponse[bool]:
    """The signed handshake: no Origin, no subprotocol, no compression. Raises StreamRefused."""
    headers = {
        "X-Twilio-Signature": signatures.sign(url, {}),
        "User-Agent": "Twilio.TmeWs/1.0",
    }
    try:
        async with asyncio.timeout(HANDSHAKE_S):
            return await session.ws_connect(
                URL(url, encoded=True),
                headers=headers,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S),
            )
    except aiohttp.WSServerHandshakeError as error:
        raise StreamRefused(f"The media socket was refused with {error.status}.") from error
    except TimeoutError as error:
        message = f"The media socket did not open within {HANDSHAKE_S:g} s."
        raise StreamRefused(message, code="31901") from error
    except aiohttp.ClientError as error:
        raise StreamRefused(f"The media socket could not be opened: {error}.") from error


class MediaLeg:
    """One open stream of one call."""

    def __init__(
        self,
        socket: aiohttp.ClientWebSocketResponse[bool],
        *,
        stream: Stream,
        stream_sid: str,
        identity: CallIdentity,
        line: Line,
        report: Report,
    ) -> None:
        self._socket = socket
        self._stream = stream
        self._stream_sid = stream_sid
        self._line = line
        self._report = report
        self._writer = StreamWriter(identity=identity, stream_sid=stream_sid)
        self._playback = PlaybackBuffer()
        self._warned: set[str] = set()
        self._received_bytes = self._marks = self._clears = 0
        self.agent_was_heard = False

    async def run(self) -> None:
        """Carry audio until the server closes the socket, or the line is left: LineLeft."""
        reader = asyncio.create_task(self._read())
        closed_by = Party.FAR_END
        try:
            await self._send(CONNECTED)
            await self._send(self._writer.start(dict(self._stream.parameters)))
            self._report(StreamOpened(stream_sid=self._stream_sid))
            self._line.pass_silence()
            while not reader.done():
                await self._carry_frame()
            await reader
            self._check_close()
        except LineLeft as ended:
            closed_by = ended.by
            # A server that closes at the same moment needs no stop any more.
            with contextlib.suppress(ConnectionError, aiohttp.ClientError, TimeoutError):
                await self._send(self._writer.stop())
            raise
        except (ConnectionError, aiohttp.ClientError):
            self._check_close()
        except TimeoutError:
            self._warn("31924", f"The server took no frame for {SEND_S:g} s.")
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)
            await self._socket.close()
            self._report(
                StreamClosed(
                    by=closed_by,
                    received_ms=self._received_bytes // mulaw.BYTES_PER_MS,
                    unplayed_ms=self._playback.waiting_ms,
                    marks=self._marks,
                    clears=self._clears,
                )
            )

    async def press(self, digit: str) -> None:
        """The caller presses a key."""
        await self._send(self._writer.dtmf(digit))

    async def _carry_frame(self) -> None:
        await self._line.next_tick()
        frame, due = self._playback.tick()
        self.agent_was_heard |= is_loud(frame)
        said = self._line.exchange(frame, listener=Listener.AGENT)
        await self._return_marks(due)
        await self._send(self._writer.media(said))

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                await self._receive(message.data)
            elif message.type is aiohttp.WSMsgType.BINARY:
                self._warn("31950", "The server sent a binary message; it was ignored.")
            elif message.type is aiohttp.WSMsgType.ERROR:
                self._warn("31924", f"The server broke the WebSocket protocol: {message.data}.")

    async def _receive(self, raw: str) -> None:
        try:
            message = read_server_message(raw, stream_sid=self._stream_sid)
        except InvalidStreamMessage as error:
            self._warn(error.code, str(error))
            return
        match message:
            case Media():
                self._received_bytes += len(message.media.payload)
                self._playback.enqueue(message.media.payload)
            case Mark():
                await self._return_marks(self._playback.mark(message.mark.name))
            case Clear():
                returned = self._playback.clear()
                self._clears += 1
                self._report(PlaybackCleared(marks=len(returned)))
                await self._return_marks(returned)
            case _:
                assert_never(message)

    async def _return_marks(self, names: Iterable[str]) -> None:
        for name in names:
            self._marks += 1
            await self._send(self._writer.mark(name))

    async def _send(self, message: str) -> None:
        """Send a message just written: nothing may come between, or sequence numbers mix."""
        if not self._socket.closed:
            async with asyncio.timeout(SEND_S):
                await self._socket.send_str(message)

    def _check_close(self) -> None:
        if self._socket.close_code not in CLEAN_CLOSE_CODES:
            self._warn("31921", f"The media socket closed with {self._socket.close_code}.")

    def _warn(self, code: str, text: str) -> None:
        """Report a fault of the server's, each kind once per stream as the carrier does."""
        if code not in self._warned:
            self._warned.add(code)
            self._report(Warned(code=code, text=text))
