"""A bridge as one writes it with Channels and nothing else, for comparison only.

Channels' own dispatch, `json` and `websockets`; a mark behind every tenth delta, so that what it
costs beside ours is not the marks. No recording, no transcript, no tools.
"""

import asyncio
import json
import os

import websockets
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.urls import path

REALTIME_URL = os.environ["BENCH_REALTIME_URL"]
MARK_EVERY = 10


class PlainConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """One call."""

    async def connect(self) -> None:
        self.stream_sid, self.deltas = "", 0
        headers = {"Authorization": "Bearer bench"}
        self.model = await websockets.connect(REALTIME_URL, additional_headers=headers)
        form = {"format": {"type": "audio/pcmu"}}
        session = {"type": "realtime", "audio": {"input": form, "output": form}}
        await self.model.send(json.dumps({"type": "session.update", "session": session}))
        await self.accept()
        self.answering = asyncio.create_task(self.answer())

    async def receive(self, text_data: str = "", bytes_data: bytes | None = None) -> None:
        data = json.loads(text_data)
        if data["event"] == "media":
            append = {"type": "input_audio_buffer.append", "audio": data["media"]["payload"]}
            await self.model.send(json.dumps(append))
        elif data["event"] == "start":
            self.stream_sid = data["start"]["streamSid"]

    async def answer(self) -> None:
        async for message in self.model:
            event = json.loads(message)
            if event["type"] == "response.output_audio.delta":
                await self.say("media", media={"payload": event["delta"]})
                self.deltas += 1
                if self.deltas % MARK_EVERY == 0:
                    await self.say("mark", mark={"name": str(self.deltas)})
            elif event["type"] == "input_audio_buffer.speech_started":
                await self.say("clear")

    async def say(self, event: str, **fields: object) -> None:
        frame = {"event": event, "streamSid": self.stream_sid, **fields}
        await self.send(text_data=json.dumps(frame))

    async def disconnect(self, code: int) -> None:
        self.answering.cancel()
        await self.model.close()


app = ProtocolTypeRouter({"websocket": URLRouter([path("media-stream", PlainConsumer.as_asgi())])})
