"""A call around a candidate, and its carrier's end; `realtime_leg` is the other.

Both live in one process, so one clock stamps and reads all frames.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, cast

from bench import websocket
from bench.stamps import FRAME_MS, Delays, Track, read_stamp, stamped

STREAM_SID = "MZ" + "0" * 32
FRAME_NS = FRAME_MS * 1_000_000


class Meter:
    """What is measured of all calls together, while it is on."""

    def __init__(self) -> None:
        self.is_on = False
        self.up, self.down, self.barge_in, self.pace = Delays(), Delays(), Delays(), Delays()


class Call:
    """One call: its two legs, and the frames between them."""

    def __init__(self, index: int, meter: Meter) -> None:
        self.index = index
        self.meter = meter
        self.up, self.down = Track(), Track()
        self.carrier: CarrierLeg | None = None
        self.broke_in_ns = 0


class Leg(asyncio.Protocol):
    """A socket that speaks WebSocket; handshake first."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.is_open = self.is_closed = False
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.is_closed = True

    def data_received(self, data: bytes) -> None:
        now_ns = perf_counter_ns()
        data = self._rest + data if self._rest else data
        if not self.is_open:
            head, found, self._rest = data.partition(b"\r\n\r\n")
            if not found:
                self._rest = data
                return
            self.shake_hands(head)
            data, self._rest = self._rest, b""
            if not self.is_open:
                return
        frames, self._rest = websocket.split_frames(data)
        for opcode, payload in frames:
            if opcode == websocket.TEXT:
                self.take(payload, now_ns)
            elif opcode == websocket.PING:
                self.send(payload, websocket.PONG)
            elif opcode == websocket.CLOSE:
                self.send(payload, websocket.CLOSE)
                self.transport.close()

    def shake_hands(self, head: bytes) -> None:
        """Answer, or read the answer to, the handshake."""
        raise NotImplementedError

    def send(self, payload: bytes, opcode: int = websocket.TEXT) -> None:
        raise NotImplementedError

    def take(self, text: bytes, now_ns: int) -> None:
        raise NotImplementedError


class CarrierLeg(Leg):
    """Plays Twilio for one call: sends the caller, plays the agent, gives marks back in time."""

    def __init__(
        self, call: Call, *, request: bytes, call_sid: str, lost: Callable[[], None]
    ) -> None:
        super().__init__()
        self._call = call
        self._request = request
        self._call_sid = call_sid
        self._lost = lost
        self._plays_until_ns = 0
        self._marks: deque[tuple[int, str]] = deque()
        self._loop = asyncio.get_running_loop()
        self.opened = self._loop.create_future()
        self.clears = 0
        call.carrier = self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.write(self._request)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        if not self.opened.done():
            self.opened.set_exception(websocket.NotSpoken("The handshake was refused."))
        self._lost()

    def shake_hands(self, head: bytes) -> None:
        if b" 101 " not in head.partition(b"\r\n")[0]:
            self.transport.close()
            return
        self.is_open = True
        self._say({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        start = {
            "streamSid": STREAM_SID,
            "accountSid": "AC" + "0" * 32,
            "callSid": self._call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {},
        }
        self._say(
            {"event": "start", "sequenceNumber": "1", "streamSid": STREAM_SID, "start": start}
        )
        self.opened.set_result(None)

    def send(self, payload: bytes, opcode: int = websocket.TEXT) -> None:
        self.transport.write(websocket.client_frame(payload, opcode))

    def speak(self) -> None:
        """Send the next 20 ms of the caller."""
        track = self._call.up
        sequence = track.sent
        track.sent += 1
        self.send(
            b'{"event":"media","sequenceNumber":"%d","media":{"track":"inbound","chunk":"%d",'
            b'"timestamp":"%d","payload":"%b"},"streamSid":"%b"}'
            % (
                sequence + 2,
                sequence + 1,
                sequence * FRAME_MS,
                stamped(self._call.index, sequence, perf_counter_ns()),
                STREAM_SID.encode(),
            )
        )

    def take(self, text: bytes, now_ns: int) -> None:
        kind = text[:24]
        if b"media" in kind:
            at = text.index(b'"', text.rindex(b'"payload"') + 9) + 1
            _, sequence, sent_ns = read_stamp(text[at : at + 16])
            self._call.down.take(sequence)
            if self._call.meter.is_on:
                self._call.meter.down.add(now_ns - sent_ns)
            self._plays_until_ns = max(now_ns, self._plays_until_ns) + FRAME_NS
        elif b"mark" in kind:
            self._owe_mark(json.loads(text)["mark"]["name"], now_ns)
        elif b"clear" in kind:
            self._clear(now_ns)

    def hang_up(self) -> None:
        """The caller is gone."""
        if self.is_open and not self.is_closed:
            self._say({"event": "stop", "sequenceNumber": "9", "streamSid": STREAM_SID, "stop": {}})
            self.send((1000).to_bytes(2), websocket.CLOSE)
        self._loop.call_later(2, self.transport.close)

    def _owe_mark(self, name: str, now_ns: int) -> None:
        self._marks.append((max(now_ns, self._plays_until_ns), name))
        if len(self._marks) == 1:
            self._give_marks_back()

    def _give_marks_back(self) -> None:
        now_ns = perf_counter_ns()
        while self._marks and self._marks[0][0] <= now_ns:
            self._give_back(self._marks.popleft()[1])
        if self._marks and not self.is_closed:
            wait = max((self._marks[0][0] - now_ns) / 1e9, 0.001)
            self._loop.call_later(wait, self._give_marks_back)

    def _give_back(self, name: str) -> None:
        if not self.is_closed:
            self._say({"event": "mark", "streamSid": STREAM_SID, "mark": {"name": name}})

    def _clear(self, now_ns: int) -> None:
        self.clears += 1
        self._plays_until_ns = now_ns
        cleared, self._marks = self._marks, deque()
        for _, name in cleared:
            self._give_back(name)
        if self._call.broke_in_ns:
            if self._call.meter.is_on:
                self._call.meter.barge_in.add(now_ns - self._call.broke_in_ns)
            self._call.broke_in_ns = 0

    def _say(self, frame: dict[str, Any]) -> None:
        self.send(json.dumps(frame, separators=(",", ":")).encode())
