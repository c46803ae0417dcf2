"""The carrier's end of a media socket, bare: for tests that time frames or send nonsense."""

import asyncio
import base64
import json
import time
from typing import Any

import aiohttp

from telephony.models import Call
from telephony.signatures import public_socket_url, sign

STREAM_SID = "MZ" + "0" * 32


def start_frame(call_sid: str, **changes: Any) -> dict[str, Any]:
    start = {
        "streamSid": STREAM_SID,
        "accountSid": "AC" + "0" * 32,
        "callSid": call_sid,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {},
    }
    return {
        "event": "start",
        "sequenceNumber": "1",
        "streamSid": STREAM_SID,
        "start": start | changes,
    }


class MediaLine:
    """One socket; use as `async with MediaLine(url, call.call_sid) as line`."""

    def __init__(self, url: str, *, signature: str | None = None) -> None:
        self.url = url
        self.signature = sign(url, {}) if signature is None else signature

    async def __aenter__(self) -> "MediaLine":
        self.session = aiohttp.ClientSession()
        headers = {"X-Twilio-Signature": self.signature}
        try:
            self.socket = await self.session.ws_connect(self.url, headers=headers)
        except aiohttp.WSServerHandshakeError:
            await self.session.close()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.socket.close()
        await self.session.close()

    async def send(self, frame: dict[str, Any]) -> None:
        await self.socket.send_str(json.dumps(frame))

    async def start(self, call_sid: str, **changes: Any) -> None:
        await self.send({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        await self.send(start_frame(call_sid, **changes))

    async def media(self, index: int, audio: bytes) -> None:
        await self.send(
            {
                "event": "media",
                "sequenceNumber": str(index + 2),
                "streamSid": STREAM_SID,
                "media": {
                    "track": "inbound",
                    "chunk": str(index + 1),
                    "timestamp": str(index * 20),
                    "payload": base64.b64encode(audio).decode(),
                },
            }
        )

    async def closed(self, within_s: float) -> int | None:
        """The close code, once the other side has closed; raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while True:
                message = await self.socket.receive()
                if message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}:
                    return self.socket.close_code

    async def echo_delays(self, frames: int) -> list[float]:
        """Speak for `frames` x 20 ms to an echoing agent: seconds each frame took to come back."""
        sent: list[float] = []
        delays: list[float] = []

        async def listen() -> None:
            while len(delays) < frames:
                message = json.loads((await self.socket.receive()).data)
                if message["event"] == "media":
                    delays.append(time.perf_counter() - sent[len(delays)])

        listening = asyncio.create_task(listen())
        begin = time.perf_counter()
        for index in range(frames):
            await asyncio.sleep(max(0.0, begin + index * 0.02 - time.perf_counter()))
            sent.append(time.perf_counter())
            await self.media(index, bytes([index % 256]) * 160)
        async with asyncio.timeout(5):
            await listening
        return delays


def stream_url(call: Call) -> str:
    return public_socket_url(f"/api/twilio/voice/stream/{call.stream_token}")
