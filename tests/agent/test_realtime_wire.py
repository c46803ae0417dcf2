"""The socket to a Realtime server: TLS, pieces, pings, refusals and ends, against real servers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.frames import Opcode

from agent.backends import realtime_wire
from agent.backends.realtime_wire import HandshakeRefused, RealtimeWire
from agent.errors import AgentUnavailable
from agent.fake_realtime.script import canned_conversation
from agent.fake_realtime.server import FakeRealtime
from agent.session import UtteranceEnd
from tests.agent.realtime_call import brief
from tests.agent.test_realtime_session import QUICK, backend, until
from tests.peers.certificate import make_certificate

pytestmark = pytest.mark.M6


@pytest.fixture
def trust(tmp_path, monkeypatch):
    """This machine trusts the loopback's certificate."""
    server_tls, _ = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "loopback.pem"))
    realtime_wire._tls.cache_clear()
    yield server_tls
    realtime_wire._tls.cache_clear()


@contextlib.asynccontextmanager
async def behind_tls(port: int, server_tls) -> AsyncIterator[int]:
    """A TLS end in front of a port; yields its own."""

    async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65_536):
                target.write(data)
                await target.drain()
        target.close()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))

    async with await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=server_tls) as server:
        yield server.sockets[0].getsockname()[1]


async def test_a_conversation_over_tls(trust):
    async with (
        FakeRealtime(canned_conversation, manner=QUICK) as server,
        behind_tls(server._port, trust) as port,
    ):
        session = await backend(f"wss://localhost:{port}/v1/realtime").open_session(brief())
        events = await until(session, UtteranceEnd)
        await session.close()
    assert events[-1].text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
async def test_a_server_that_cannot_prove_who_it_is_hears_no_caller(tmp_path, host):
    untrusted, _ = make_certificate(tmp_path)
    async with (
        FakeRealtime(canned_conversation, manner=QUICK) as server,
        behind_tls(server._port, untrusted) as port,
    ):
        with pytest.raises(AgentUnavailable):
            await backend(f"wss://{host}:{port}/v1/realtime").open_session(brief())
        assert server.sessions == []


class Heard:
    """What the wire gave away."""

    def __init__(self) -> None:
        self.messages: list[bytes | None] = []
        self.codes: list[int] = []
        self.has_ended = asyncio.Event()

    def take(self, message: bytes | None) -> bool:
        self.messages.append(message)
        return True

    def end(self, code: int) -> None:
        self.codes.append(code)
        self.has_ended.set()


@contextlib.asynccontextmanager
async def wire_to(handler, **options) -> AsyncIterator[tuple[RealtimeWire, Heard]]:
    """A wire to a server of the `websockets` library."""
    heard = Heard()
    async with serve(handler, "127.0.0.1", 0, **options) as server:
        port = server.sockets[0].getsockname()[1]
        wire = await RealtimeWire.open(
            f"ws://127.0.0.1:{port}/", {}, take=heard.take, ended=heard.end
        )
        try:
            yield wire, heard
        finally:
            wire.drop()


async def test_messages_in_pieces_and_of_any_length_arrive_whole_and_in_order():
    sizes = (0, 1, 125, 126, 65_535, 65_536, 300_000)
    said = ["é" * (size // 2) + "x" * (size % 2) for size in sizes]

    async def speak(socket: ServerConnection) -> None:
        for text in said:
            await socket.send(text)
            await socket.send([text[:3], text[3:40], text[40:]])
            await socket.ping()
        await socket.send(b"\x00\x01")

    async with wire_to(speak) as (_, heard), asyncio.timeout(10):
        await heard.has_ended.wait()
    assert heard.messages == [each.encode() for text in said for each in (text, text)] + [None]
    assert heard.codes == [1000]


async def test_what_is_sent_arrives_whole_and_in_order():
    sizes = (0, 1, 125, 126, 65_535, 65_536, 300_000)
    came: list[str] = []

    async def listen(socket: ServerConnection) -> None:
        came.extend([str(await socket.recv()) for _ in sizes])

    async with wire_to(listen, max_size=None) as (wire, heard), asyncio.timeout(10):
        for size in sizes:
            assert wire.write(b"y" * size)
            await wire.drained()
        await heard.has_ended.wait()
        assert not wire.write(b"too late")
    assert [len(text) for text in came] == list(sizes)


async def test_a_message_that_is_too_long_ends_the_socket():
    async def shout(socket: ServerConnection) -> None:
        await socket.send("z" * (realtime_wire.MAX_MESSAGE_BYTES + 1))
        await socket.wait_closed()

    async with wire_to(shout) as (_, heard), asyncio.timeout(10):
        await heard.has_ended.wait()
    assert (heard.messages, heard.codes) == ([], [1009])


async def test_a_masked_frame_of_a_server_is_a_breach_of_protocol():
    async def breach(socket: ServerConnection) -> None:
        socket.transport.write(bytes([0x80 | Opcode.TEXT, 0x81, 1, 2, 3, 4, 0x60]))
        await socket.wait_closed()

    async with wire_to(breach) as (_, heard), asyncio.timeout(10):
        await heard.has_ended.wait()
    assert (heard.messages, heard.codes) == ([], [1002])


@pytest.mark.parametrize("status", [401, 429, 503])
async def test_a_refused_handshake_tells_its_status(status):
    async def refuse(connection, request):
        return connection.respond(status, "no\n")

    async def nothing(socket: ServerConnection) -> None:
        raise AssertionError("let in all the same")

    with pytest.raises(HandshakeRefused) as refused:
        async with wire_to(nothing, process_request=refuse):
            pass
    assert refused.value.status == status


@pytest.mark.parametrize("stays_open", [True, False])
@pytest.mark.parametrize("pause_s", [0, 0.05])
async def test_a_refusal_is_understood_however_it_comes(stays_open, pause_s):
    over = asyncio.Event()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"error":{"code":"invalid_api_key"}}'
        writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: %d\r\n\r\n" % len(body))
        await asyncio.sleep(pause_s)
        writer.write(body)
        if stays_open:
            await over.wait()
        writer.close()

    heard = Heard()
    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        try:
            async with asyncio.timeout(2):
                with pytest.raises(HandshakeRefused) as refused:
                    await RealtimeWire.open(
                        f"ws://127.0.0.1:{port}/", {}, take=heard.take, ended=heard.end
                    )
        finally:
            over.set()
    assert refused.value.status == 401


async def test_a_server_that_hangs_up_in_the_handshake_is_refused_without_a_status():
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgr")
        writer.close()

    heard = Heard()
    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with asyncio.timeout(5):
            with pytest.raises(HandshakeRefused) as refused:
                await RealtimeWire.open(
                    f"ws://127.0.0.1:{port}/", {}, take=heard.take, ended=heard.end
                )
    assert refused.value.status == 0


async def test_a_close_that_the_server_leaves_without_an_answer_can_be_dropped():
    async def deaf(socket: ServerConnection) -> None:
        socket.transport.pause_reading()
        await asyncio.sleep(2)

    async with wire_to(deaf, close_timeout=0) as (wire, heard):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await wire.close()
        wire.drop()
    assert heard.codes == [1000]
