"""One caller's slow database must not be heard by another."""

import asyncio
import json
import threading
import time

import pytest
from asgiref.sync import sync_to_async
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.db import connection, transaction
from django.urls import path

from telephony.models import TranscriptLine
from tests.factories import make_number
from tests.peers.media_line import MediaLine, stream_url
from tests.peers.server import measured_on_both_servers, serve
from tests.telephony.test_stream_socket import issue_call

FRAMES = 60
STALL_AFTER_SECONDS = 0.4
STALL_SECONDS = 0.6
TRIES = 3
"""A busy machine delays a frame now and then; a database that is held does it every time."""


def write_nothing() -> None:
    TranscriptLine.objects.filter(text="said by nobody").update(text="")


class PlainConsumer(AsyncWebsocketConsumer):
    """The usual sample: Channels' own dispatch and the database thread that all sockets share."""

    async def receive(self, text_data: str = "", bytes_data: bytes | None = None) -> None:
        frame = json.loads(text_data)
        if frame["event"] != "media":
            return
        if self.scope["url_route"]["kwargs"]["token"] == "writes":
            await database_sync_to_async(write_nothing)()
        await self.send(text_data)


plain_application = ProtocolTypeRouter(
    {"websocket": URLRouter([path("<str:token>", PlainConsumer.as_asgi())])}
)


def hold_the_database() -> None:
    """Keep every other writer of the transcript waiting for a while."""
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("LOCK TABLE telephony_transcriptline IN EXCLUSIVE MODE")
            else:
                write_nothing()
            time.sleep(STALL_SECONDS)
    finally:
        connection.close()


async def longest_echo(url: str, url_of_writer: str, call_sid: str, sid_of_writer: str) -> float:
    """The longest way there and back of one call's frames while the other's database is held."""
    async with MediaLine(url_of_writer) as writer, MediaLine(url) as line:
        await writer.start(sid_of_writer)
        await line.start(call_sid)
        stall = threading.Timer(STALL_AFTER_SECONDS, hold_the_database)
        stall.start()
        delays, _ = await asyncio.gather(line.echo_delays(FRAMES), writer.echo_delays(FRAMES))
        await asyncio.to_thread(stall.join)
    return max(delays)


@pytest.mark.M9
@pytest.mark.measured
@measured_on_both_servers
async def test_a_stall_in_one_call_delays_no_frame_of_another(aloha_url, owner, stranger, settings):
    settings.AGENT = {"BACKEND": "tests.peers.echo_agent.EchoBackend", "OPTIONS": {}}
    one_number = await sync_to_async(make_number)(owner)
    other_number = await sync_to_async(make_number)(stranger)
    for _ in range(TRIES):
        one = await sync_to_async(issue_call)(owner, number=one_number)
        other = await sync_to_async(issue_call)(stranger, number=other_number)
        ours = await longest_echo(stream_url(one), stream_url(other), one.call_sid, other.call_sid)
        if ours < 0.02:
            break
    with serve(plain_application) as port:
        base = f"ws://127.0.0.1:{port}"
        plain = await longest_echo(f"{base}/listens", f"{base}/writes", "CA1", "CA2")
    print(f"longest echo: {ours * 1000:.1f} ms, plain consumer {plain * 1000:.1f} ms")
    assert plain > 0.2
    assert ours < 0.02
