"""Frames go out in the order they were written, however the line takes them."""

import asyncio
import json
from typing import Any

import pytest

from telephony.caller_line import CallerLine


class Socket:
    """A server's socket that can be told not to take anything for now."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.takes = asyncio.Event()
        self.is_gone = False

    def listen(self, take: Any) -> None: ...

    def write(self, text: bytes) -> bool:
        if self.takes.is_set() and not self.is_gone:
            self.sent.append(text.decode())
            return True
        return False

    async def send(self, message: dict[str, Any]) -> None:
        await self.takes.wait()
        if self.is_gone:
            raise ConnectionResetError
        self.sent.append(message.get("text", message["type"]))

    async def receive(self) -> dict[str, Any]:
        return {"type": "websocket.disconnect"}

    def names(self) -> list[str]:
        return [
            json.loads(each)["mark"]["name"] if each.startswith("{") else each for each in self.sent
        ]


@pytest.fixture(params=["direct", "by send alone"])
async def line_and_socket(request):
    socket = Socket()
    direct = socket if request.param == "direct" else None
    line = CallerLine(socket.receive, socket.send, direct)
    yield line, socket
    await line.close()


async def test_a_line_that_takes_frames_gets_them_in_order(line_and_socket):
    line, socket = line_and_socket
    socket.takes.set()
    for name in "abc":
        line.mark(name)
    await line.drained()
    assert socket.names() == ["a", "b", "c"]
    assert not line.is_congested


async def test_what_a_slow_line_does_not_take_waits_and_is_not_overtaken(line_and_socket):
    line, socket = line_and_socket
    line.mark("a")
    await asyncio.sleep(0)
    assert line.is_congested
    socket.takes.set()
    line.mark("b")
    await line.drained()
    line.mark("c")
    await line.hang_up()
    assert socket.names() == ["a", "b", "c", "websocket.close"]


async def test_what_is_written_to_a_line_that_is_gone_is_lost(line_and_socket):
    line, socket = line_and_socket
    socket.takes.set()
    socket.is_gone = True
    line.mark("a")
    await line.drained()
    line.mark("b")
    await line.hang_up()
    assert line.is_gone
    assert socket.sent == []


async def test_a_line_that_never_takes_anything_can_be_given_up(line_and_socket):
    line, socket = line_and_socket
    line.mark("a")
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await line.hang_up()
    await line.close()
    assert not line.is_congested
    assert socket.sent == []
