"""A bridge as the usual sample shows it: FastAPI, uvicorn and websockets, for comparison only.

It parses JSON on both sides, encodes the audio anew, asks for a mark behind every delta, and
keeps what it has to know of a call in local variables. No recording, no transcript, no tools.
"""

import asyncio
import base64
import json
import os

import websockets
from fastapi import FastAPI, WebSocket
from fastapi.websockets import WebSocketDisconnect

REALTIME_URL = os.environ["BENCH_REALTIME_URL"]

app = FastAPI()


@app.websocket("/media-stream")  # type: ignore[untyped-decorator]  # not in the types' environment
async def media_stream(websocket: WebSocket) -> None:
    """One call, from its handshake to its end."""
    await websocket.accept()
    headers = {"Authorization": "Bearer bench"}
    async with websockets.connect(REALTIME_URL, additional_headers=headers) as model:
        await _Bridge(websocket, model).run()


class _Bridge:
    """What the sample keeps in the local variables of nested functions."""

    def __init__(self, carrier: WebSocket, model: websockets.ClientConnection) -> None:
        self.carrier, self.model = carrier, model
        self.stream_sid = ""
        self.latest_ms = 0
        self.began_ms: int | None = None
        self.last_item: str | None = None
        self.marks: list[str] = []

    async def run(self) -> None:
        session = {
            "type": "realtime",
            "output_modalities": ["audio"],
            "instructions": "You are a helpful assistant.",
            "audio": {
                "input": {
                    "format": {"type": "audio/pcmu"},
                    "turn_detection": {"type": "server_vad"},
                },
                "output": {"format": {"type": "audio/pcmu"}, "voice": "alloy"},
            },
        }
        await self.model.send(json.dumps({"type": "session.update", "session": session}))
        await asyncio.gather(self.receive_from_carrier(), self.send_to_carrier())

    async def receive_from_carrier(self) -> None:
        try:
            async for message in self.carrier.iter_text():
                data = json.loads(message)
                if data["event"] == "media":
                    self.latest_ms = int(data["media"]["timestamp"])
                    append = {
                        "type": "input_audio_buffer.append",
                        "audio": data["media"]["payload"],
                    }
                    await self.model.send(json.dumps(append))
                elif data["event"] == "start":
                    self.stream_sid = data["start"]["streamSid"]
                    self.began_ms, self.latest_ms, self.last_item = None, 0, None
                elif data["event"] == "mark" and self.marks:
                    self.marks.pop(0)
        except WebSocketDisconnect:
            pass  # the caller is gone, and so shall be the model
        await self.model.close()

    async def send_to_carrier(self) -> None:
        async for message in self.model:
            response = json.loads(message)
            if response["type"] == "response.output_audio.delta" and "delta" in response:
                audio = base64.b64encode(base64.b64decode(response["delta"])).decode()
                delta = {
                    "event": "media",
                    "streamSid": self.stream_sid,
                    "media": {"payload": audio},
                }
                await self.carrier.send_json(delta)
                if response.get("item_id") and response["item_id"] != self.last_item:
                    self.began_ms = self.latest_ms
                    self.last_item = response["item_id"]
                await self.send_mark()
            if response["type"] == "input_audio_buffer.speech_started" and self.last_item:
                await self.interrupt()

    async def send_mark(self) -> None:
        mark = {
            "event": "mark",
            "streamSid": self.stream_sid,
            "mark": {"name": "responsePart"},
        }
        await self.carrier.send_json(mark)
        self.marks.append("responsePart")

    async def interrupt(self) -> None:
        if self.marks and self.began_ms is not None:
            truncate = {
                "type": "conversation.item.truncate",
                "item_id": self.last_item,
                "content_index": 0,
                "audio_end_ms": self.latest_ms - self.began_ms,
            }
            await self.model.send(json.dumps(truncate))
            await self.carrier.send_json({"event": "clear", "streamSid": self.stream_sid})
            self.marks.clear()
            self.last_item = self.began_ms = None
