"""What a client may not do to a socket that is not open yet."""

import asyncio
import contextlib
import logging
import struct

import pytest

from tests.peers.server import serve

pytestmark = pytest.mark.M7

HANDSHAKE = (
    b"GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
ADMISSION_S = 0.3


async def slow_to_admit(scope, receive, send) -> None:
    await receive()
    await asyncio.sleep(ADMISSION_S)
    await send({"type": "websocket.accept"})


def masked(first: int, payload: bytes) -> bytes:
    return bytes([first, 0x80 | len(payload), 0, 0, 0, 0]) + payload


@pytest.mark.parametrize(
    "early",
    [
        pytest.param(masked(0x81, b"hi"), id="a message"),
        pytest.param(masked(0x88, struct.pack("!H", 1000)), id="a close"),
        pytest.param(masked(0x89, b"x"), id="a ping"),
        pytest.param(masked(0x80, b"x"), id="the end of nothing"),
        pytest.param(masked(0xF1, b""), id="reserved bits"),
        pytest.param(masked(0x81, b"\xff\xfe"), id="no UTF-8"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="no frame"),
    ],
)
async def test_who_speaks_before_the_handshake_is_answered_is_cut_off_in_silence(early, caplog):
    with serve(slow_to_admit) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(HANDSHAKE)
            await asyncio.sleep(0.05)
            writer.write(early)
            with contextlib.suppress(ConnectionError):
                async with asyncio.timeout(2):
                    assert await reader.read() == b""
            await asyncio.sleep(ADMISSION_S)
        finally:
            writer.close()
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []
