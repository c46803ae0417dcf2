"""A line that takes nothing: what the agent noticed meanwhile is kept when the call ends."""

import asyncio
import json
from typing import Any

import pytest

from agent.session import CallerStopped
from telephony.conversation import Conversation
from telephony.models import Call
from tests.factories import make_call, make_number
from tests.peers.media_line import start_frame
from tests.peers.puppet_agent import sounding
from tests.telephony.test_recorded_to_the_end import puppet_opened

pytestmark = [pytest.mark.M2, pytest.mark.usefixtures("puppet")]
LAST_WORDS = "My number is 555 0100."


@pytest.fixture
def call(transactional_db, owner) -> Call:
    return make_call(make_number(owner), stream_state="open")


class SlowSocket:
    """An ASGI server's end of a socket whose other side reads nothing until it is closed."""

    def __init__(self) -> None:
        self.frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.is_full = asyncio.Event()

    def gives(self, frame: dict[str, Any]) -> None:
        self.frames.put_nowait({"type": "websocket.receive", "text": json.dumps(frame)})

    async def receive(self) -> dict[str, Any]:
        return await self.frames.get()

    async def send(self, message: dict[str, Any]) -> None:
        self.is_full.set()
        await asyncio.Event().wait()


async def test_the_last_words_are_kept_though_the_line_was_slow(call):
    socket = SlowSocket()
    running = asyncio.create_task(Conversation(call, socket.receive, socket.send).run())
    socket.gives(start_frame(call.call_sid))
    agent = await puppet_opened()
    agent.does(sounding("hello", 200))
    await asyncio.wait_for(socket.is_full.wait(), 5)
    agent.does(CallerStopped(start_ms=100, end_ms=900, text=LAST_WORDS))
    await asyncio.sleep(0.1)
    socket.gives({"event": "stop", "streamSid": "", "stop": {}})
    await asyncio.wait_for(running, 15)
    assert [line.text async for line in call.transcript.filter(role="caller")] == [LAST_WORDS]
