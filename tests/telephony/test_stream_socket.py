"""The media socket: who gets in, and what hostile or broken lines come to."""

import asyncio
import contextlib
import logging
import secrets
import socket
import time
from datetime import timedelta

import aiohttp
import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from telephony import frame_limits
from telephony.models import Call, StreamState
from telephony.signatures import public_socket_url
from tests.factories import make_call, make_number
from tests.peers.media_line import MediaLine, stream_url
from tests.peers.server import on_both_servers

pytestmark = [pytest.mark.M1, on_both_servers]


def issue_call(owner, number=None, **fields) -> Call:
    return make_call(
        number or make_number(owner),
        stream_token=secrets.token_urlsafe(32),
        stream_token_expires_at=timezone.now() + timedelta(seconds=60),
        stream_state=StreamState.ISSUED,
        **fields,
    )


@pytest.fixture
def call(aloha_url, owner):
    return issue_call(owner)


async def refused(url: str, **options) -> int:
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        async with MediaLine(url, **options):
            pass
    return caught.value.status


async def outcome_of(call: Call, within_s: float = 5) -> str:
    """The outcome the server keeps once the stream is closed."""
    async with asyncio.timeout(within_s):
        while True:
            row = await Call.objects.aget(id=call.id)
            if row.stream_state == StreamState.CLOSED:
                return row.agent_outcome
            await asyncio.sleep(0.02)


def warnings_of(call: Call, caplog) -> list[str]:
    """What the log warns of about this call."""
    return [
        line.getMessage()
        for line in caplog.records
        if line.levelno == logging.WARNING and getattr(line, "call_sid", "") == call.call_sid
    ]


async def test_an_unsigned_handshake_is_refused_and_spends_no_token(call):
    assert await refused(stream_url(call), signature="") == 403
    assert (await Call.objects.aget(id=call.id)).stream_state == StreamState.ISSUED


async def test_a_signature_over_another_path_is_refused(call):
    other = MediaLine(public_socket_url("/api/twilio/voice/stream/other")).signature
    assert await refused(stream_url(call), signature=other) == 403


async def test_an_unknown_token_is_refused(aloha_url):
    assert await refused(public_socket_url("/api/twilio/voice/stream/unknown")) == 403


async def test_a_stale_token_is_refused(call):
    await Call.objects.filter(id=call.id).aupdate(
        stream_token_expires_at=timezone.now() - timedelta(seconds=1)
    )
    assert await refused(stream_url(call)) == 403


async def test_a_call_that_is_over_opens_no_stream(call):
    await Call.objects.filter(id=call.id).aupdate(status="completed")
    assert await refused(stream_url(call)) == 403


async def test_an_unknown_socket_path_is_refused(aloha_url):
    assert await refused(public_socket_url("/api/somewhere/else")) == 403


async def test_a_token_opens_exactly_one_of_32_sockets_at_once(call):
    url = stream_url(call)
    opened: list[MediaLine] = []

    async def attempt() -> None:
        line = MediaLine(url)
        with contextlib.suppress(aiohttp.WSServerHandshakeError):
            opened.append(await line.__aenter__())

    await asyncio.gather(*(attempt() for _ in range(32)))
    for line in opened:
        await line.__aexit__()
    assert len(opened) == 1


async def test_a_stream_that_never_starts_is_closed_as_failed_after_5_s(call, caplog):
    async with MediaLine(stream_url(call)) as line:
        began = time.monotonic()
        assert await line.closed(within_s=10) == 1000
        assert 4.5 < time.monotonic() - began < 6
    assert await outcome_of(call) == "failed"
    assert warnings_of(call, caplog) == ["line is silent"]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"call_sid": "CA" + "0" * 32}, id="another call"),
        pytest.param(
            {"mediaFormat": {"encoding": "audio/x-alaw", "sampleRate": 8000, "channels": 1}},
            id="another codec",
        ),
    ],
)
async def test_a_start_that_does_not_fit_closes_the_stream_as_failed(call, caplog, changes):
    async with MediaLine(stream_url(call)) as line:
        await line.start(**({"call_sid": call.call_sid} | changes))
        assert await line.closed(within_s=3) == 1000
    assert await outcome_of(call) == "failed"
    assert warnings_of(call, caplog) == ["stream start does not fit the call"]


async def test_garbage_closes_the_stream_as_failed(call):
    async with MediaLine(stream_url(call)) as line:
        for _ in range(frame_limits.MAX_BAD_FRAMES + 1):
            await line.socket.send_str("[" * 5_000)
        assert await line.closed(within_s=3) == 1000
    assert await outcome_of(call) == "failed"


async def test_binary_frames_are_counted_as_garbage(call):
    async with MediaLine(stream_url(call)) as line:
        for _ in range(frame_limits.MAX_BAD_FRAMES + 1):
            await line.socket.send_bytes(b"\x00" * 160)
        assert await line.closed(within_s=3) == 1000


async def test_a_line_that_breaks_in_the_middle_is_a_caller_who_left(call):
    line = await MediaLine(stream_url(call)).__aenter__()
    await line.start(call.call_sid)
    await line.media(0, b"\xff" * 160)
    # No close frame, as when a network dies.
    line.socket.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
    assert await outcome_of(call) == "caller_left"
    await line.session.close()


async def test_an_open_stream_shows_in_the_call(call):
    async with MediaLine(stream_url(call)) as line:
        await line.start(call.call_sid)
        row = await sync_to_async(Call.objects.get)(id=call.id)
        assert (row.stream_state, row.status) == ("open", "in-progress")
    assert await outcome_of(call) == "caller_left"
