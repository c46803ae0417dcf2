"""M1: who may open the media socket, and what a socket that is open may not do to us."""

import asyncio
import contextlib
import json
import random
import secrets
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from django.db import connection
from django.utils import timezone

from accounts.row_security import service_scope
from telephony import conversation
from telephony.models import Call, Recording, StreamState
from telephony.signatures import sign
from tests.factories import make_call, make_number, make_user
from tests.peers.media_line import MediaLine, start_frame, stream_url

FRAME = b"\xff" * 160
ACCOUNT = "AC" + "5e" * 16

pytestmark = pytest.mark.M1


def issue_call(owner) -> Call:
    return make_call(
        make_number(owner),
        stream_token=secrets.token_urlsafe(32),
        stream_token_expires_at=timezone.now() + timedelta(seconds=60),
        stream_state=StreamState.ISSUED,
    )


@pytest.fixture
def call(aloha_url, owner):
    return issue_call(owner)


@pytest.fixture
def another_call(aloha_url):
    return issue_call(make_user("another@example.com"))


async def state_of(call: Call) -> tuple[str, str]:
    row = await Call.objects.aget(id=call.id)
    return row.stream_state, row.agent_outcome


async def closed(call: Call, within_s: float = 5) -> str:
    """The outcome the server keeps once the stream is closed."""
    async with asyncio.timeout(within_s):
        while True:
            state, outcome = await state_of(call)
            if state == StreamState.CLOSED:
                return outcome
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def handshake(
    url: str, *, protocols: Sequence[str] = (), **headers: str
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A signed handshake that offers more than the carrier is known to."""
    signature = {"X-Twilio-Signature": sign(url, {})}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, headers=signature | headers, protocols=protocols) as socket,
    ):
        yield socket


@contextlib.contextmanager
def held_back(call: Call) -> Iterator[None]:
    """Somebody else holds the call's row, so that claiming it has to wait."""
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        with service_scope():
            Call.objects.filter(id=call.id).update(duration_s=None)
            held.set()
            over.wait(10)
        connection.close()

    holding = threading.Thread(target=hold)
    holding.start()
    try:
        assert held.wait(5)
        yield
    finally:
        over.set()
        holding.join()


@pytest.mark.A5
async def test_a_caller_does_not_wait_for_a_database_that_hangs(call):
    with held_back(call):
        async with asyncio.timeout(3), handshake(stream_url(call)) as socket:
            await socket.receive()
    assert socket.close_code == 1000  # after which the carrier asks what comes next


class TestTokens:
    """What a token is good for."""

    async def test_one_that_was_used_opens_nothing_after_its_stream_is_over(self, call):
        async with MediaLine(stream_url(call)) as line:
            await line.start(call.call_sid)
        await closed(call)
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with MediaLine(stream_url(call)):
                pass
        assert refused.value.status == 403

    async def test_one_of_another_call_serves_neither_call(self, call, another_call):
        async with MediaLine(stream_url(another_call)) as line:
            await line.start(call.call_sid)
            assert await line.closed(within_s=3) == 1000
        assert await closed(another_call) == "failed"
        assert await state_of(call) == (StreamState.ISSUED, "")

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(lambda url: url + "/", id="a slash behind it"),
            pytest.param(lambda url: url[:-1], id="cut off"),
            pytest.param(lambda url: url + "?a=1", id="a query"),
            pytest.param(lambda url: url.replace("/stream/", "/Stream/"), id="another case"),
            pytest.param(lambda url: url.replace("/stream/", "//stream/"), id="another path"),
        ],
    )
    async def test_a_spelling_that_twiml_never_had_opens_nothing(self, call, change):
        signature = sign(stream_url(call), {})
        if "?" in change("x"):
            signature = sign(change(stream_url(call)), {})
        with pytest.raises(aiohttp.WSServerHandshakeError):
            async with MediaLine(change(stream_url(call)), signature=signature):
                pass
        assert await state_of(call) == (StreamState.ISSUED, "")

    async def test_a_plain_request_for_the_socket_spends_no_token(self, call):
        url = stream_url(call)
        async with (
            aiohttp.ClientSession() as session,
            session.get(
                url.replace("ws", "http", 1), headers={"X-Twilio-Signature": sign(url, {})}
            ) as answer,
        ):
            assert answer.status == 404
        assert await state_of(call) == (StreamState.ISSUED, "")


class TestHeaders:
    """What the handshake may carry."""

    @pytest.mark.parametrize(
        "headers",
        [
            pytest.param({}, id="no Origin"),
            pytest.param({"Origin": "https://elsewhere.example"}, id="an Origin"),
            pytest.param({"User-Agent": ""}, id="a blank agent"),
        ],
    )
    async def test_an_origin_is_no_hindrance_and_not_needed(self, call, headers):
        async with handshake(stream_url(call), **headers) as socket:
            await socket.send_json(start_frame(call.call_sid))
            assert (await socket.receive_json(timeout=5))["event"] == "media"

    @pytest.mark.parametrize(
        ("offered", "named"),
        [
            pytest.param([], None, id="none"),
            pytest.param(["audio.twilio.com"], "audio.twilio.com", id="the carrier's"),
            pytest.param(["chat", "audio.twilio.com"], "audio.twilio.com", id="among others"),
            pytest.param(["chat"], None, id="one we do not know"),
        ],
    )
    async def test_a_subprotocol_is_named_back_only_when_offered(self, call, offered, named):
        async with handshake(stream_url(call), protocols=offered) as socket:
            assert socket.protocol == named
            await socket.send_json(start_frame(call.call_sid))
            assert (await socket.receive_json(timeout=5))["event"] == "media"

    @pytest.mark.parametrize("signature", ["", "ü", "=" * 4_000, "null"])
    async def test_a_signature_that_is_none_is_refused(self, call, signature):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with MediaLine(stream_url(call), signature=signature):
                pass
        assert refused.value.status == 403


class TestStart:
    """What the first message must say, and when it must come."""

    async def test_another_account_closes_the_stream(self, call, settings):
        settings.TWILIO_ACCOUNT_SID = ACCOUNT
        async with MediaLine(stream_url(call)) as line:
            await line.start(call.call_sid, accountSid="AC" + "6e" * 16)
            assert await line.closed(within_s=3) == 1000
        assert await closed(call) == "failed"

    async def test_our_account_keeps_it_open(self, call, settings):
        settings.TWILIO_ACCOUNT_SID = ACCOUNT
        async with MediaLine(stream_url(call)) as line:
            await line.start(call.call_sid, accountSid=ACCOUNT)
            assert (await line.socket.receive_json(timeout=5))["event"] == "media"

    async def test_a_second_start_closes_the_stream(self, call):
        async with MediaLine(stream_url(call)) as line:
            await line.start(call.call_sid)
            await line.start(call.call_sid)
            assert await line.closed(within_s=3) == 1000

    async def test_audio_does_not_stand_for_a_start(self, call):
        async with MediaLine(stream_url(call)) as line:
            waiting = asyncio.create_task(line.closed(within_s=conversation.START_SECONDS + 3))
            for index in range(1_000):
                if waiting.done() or line.socket.closed:
                    break
                await line.media(index, FRAME)
                await asyncio.sleep(0.02)
            assert await waiting == 1000
        assert await closed(call) == "failed"

    async def test_what_comes_after_stop_is_not_taken(self, call):
        async with MediaLine(stream_url(call)) as line:
            await line.start(call.call_sid)
            for index in range(10):
                await line.media(index, FRAME)
            await line.send({"event": "stop", "streamSid": "", "stop": {}})
            for index in range(10, 500):
                await line.media(index, FRAME)
            assert await line.closed(within_s=3) == 1000
        assert await closed(call) == "caller_left"
        recording = await recording_of(call)
        assert recording.duration_ms == 200


async def recording_of(call: Call) -> Recording:
    async with asyncio.timeout(5):
        while True:
            row = await Recording.objects.filter(call=call).afirst()
            if row is not None:
                return row
            await asyncio.sleep(0.02)


def hostile_frames(count: int, *, seed: int) -> list[str | bytes]:
    """Frames that no carrier sends."""
    rng = random.Random(seed)
    media = {"event": "media", "media": {"payload": "////", "timestamp": "1"}}
    kinds = [
        lambda: rng.randbytes(rng.randrange(400)),
        lambda: rng.randbytes(rng.randrange(400)).decode("latin-1"),
        lambda: "[" * rng.randrange(1, 5_000),
        lambda: '{"event":' * rng.randrange(1, 900),
        lambda: json.dumps(media | {"media": rng.choice([None, 1, [], "x", {"payload": 1}])}),
        lambda: json.dumps(media | {"media": {"payload": "/" * 40_000, "timestamp": "1"}}),
        lambda: json.dumps(media | {"media": {"payload": "/", "timestamp": "-1"}}),
        lambda: json.dumps({"event": rng.choice([None, 1, [], {}])}),
        lambda: json.dumps({"event": "mark", "mark": {"name": None}}),
        lambda: json.dumps({"event": "start", "start": {}}),
        lambda: '{"event":"media","media":{"payload":"\\ud800","timestamp":"1"}}',
        lambda: "",
    ]
    return [rng.choice(kinds)() for _ in range(count)]


def resident_mib() -> float:
    """The memory of this process, server included."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


async def pour(line: MediaLine, frames: list[str | bytes]) -> None:
    """Send everything, also into a socket that closes meanwhile."""
    for frame in frames:
        if line.socket.closed:
            return
        try:
            if isinstance(frame, bytes):
                await line.socket.send_bytes(frame)
            else:
                await line.socket.send_str(frame)
        except (ConnectionError, aiohttp.ClientError):
            return


@pytest.mark.M7
class TestHostileFrames:
    """A socket that is open and misbehaves."""

    async def test_a_flood_of_nonsense_is_closed_cleanly(self, call):
        frames = hostile_frames(10_000, seed=7)
        before_mib = resident_mib()
        async with MediaLine(stream_url(call)) as line:
            await line.start(call.call_sid)
            pouring = asyncio.create_task(pour(line, frames))
            assert await line.closed(within_s=10) == 1000
            await pouring
        assert await closed(call) == "failed"
        assert resident_mib() - before_mib < 20

    @pytest.mark.parametrize(
        "frame",
        [
            pytest.param({"event": "dtmf", "dtmf": {"digit": "1"}}, id="keys"),
            pytest.param({"event": "something-new"}, id="unknown events"),
            pytest.param({"event": "mark", "mark": {"name": "0:1:x"}}, id="marks"),
            pytest.param(
                {"event": "media", "media": {"payload": "/" * 4_000, "timestamp": "20"}},
                id="audio",
            ),
        ],
    )
    async def test_a_flood_of_well_formed_frames_ends_in_a_clean_close(self, call, frame):
        before_mib = resident_mib()
        async with MediaLine(stream_url(call)) as line:
            await line.start(call.call_sid)
            pouring = asyncio.create_task(pour(line, [json.dumps(frame)] * 10_000))
            assert await line.closed(within_s=10) == 1000
            await pouring
        assert resident_mib() - before_mib < 40

    async def test_a_frame_larger_than_any_real_one_closes_the_stream(self, call):
        async with MediaLine(stream_url(call)) as line:
            await line.start(call.call_sid)
            await line.socket.send_str(" " * 100_000)
            assert await line.closed(within_s=3) == 1009
        assert await closed(call) in {"failed", "caller_left"}

    async def test_audio_from_the_far_future_makes_no_long_recording(self, call):
        async with MediaLine(stream_url(call)) as line:
            await line.start(call.call_sid)
            await line.media(0, FRAME)
            await line.media(4_000_000 // 20, FRAME)
            await line.media(1, FRAME)
        await closed(call)
        assert (await recording_of(call)).duration_ms < 10_000

    @pytest.mark.parametrize("offset", ["9" * 5_000, "٣", "-1", "1e9", ""])
    async def test_a_mark_that_we_never_sent_is_no_harm(self, call, offset):
        async with MediaLine(stream_url(call)) as line:
            await line.start(call.call_sid)
            ours = ""
            while not ours:
                message = await line.socket.receive_json(timeout=5)
                ours = message["mark"]["name"] if message["event"] == "mark" else ""
            generation, _, utterance = ours.split(":", 2)
            await line.send(
                {"event": "mark", "mark": {"name": f"{generation}:{offset}:{utterance}"}}
            )
            await asyncio.sleep(0.3)
            assert not line.socket.closed
            assert (await state_of(call))[0] == StreamState.OPEN
