"""Readers who take their time leave the database to everybody else."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.row_security import service_scope
from telephony.models import Call, TranscriptLine
from tests.factories import make_call, make_number
from tests.site.support import browser_of
from tests.voicemail.messages import leave_message
from voicemail.models import Message

READERS = 10  # as many as the process has connections
MORE_THAN_SOCKETS_HOLD = 16 * 1024 * 1024

pytestmark = [
    pytest.mark.A5,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no pool"),
]


@pytest.fixture
def message(aloha_url, owner) -> Message:
    message = leave_message(make_number(owner))
    recording = message.call.recording
    recording.file.save("long.wav", ContentFile(bytes(MORE_THAN_SOCKETS_HOLD)))
    return message


def audio(message: Message) -> str:
    return f"GET {reverse('message_audio', args=[message.id])}"


def call_audio(message: Message) -> str:
    return f"GET {reverse('call_audio', args=[message.call_id])}"


def export(message: Message) -> str:
    return f"POST {reverse('export_data')}"


def long_answer(message: Message) -> str:
    text = "boiler " * (MORE_THAN_SOCKETS_HOLD // 700)
    fields = {"call": message.call, "role": "caller", "start_ms": 0, "end_ms": 900}
    TranscriptLine.objects.bulk_create(
        TranscriptLine(**fields, position=at, source="recognised", text=text) for at in range(100)
    )
    return f"GET /api/messages/{message.id}"


@contextlib.contextmanager
def stalled(url: str, request: str, client: Client) -> Iterator[None]:
    """A reader who has the answer's first bytes, and reads no more of it."""
    address = urlsplit(url)
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.settimeout(20)
        reader.connect((address.hostname, address.port))
        token = "a" * 32
        cookies = f"sessionid={client.cookies['sessionid'].value}; csrftoken={token}"
        form = f"csrfmiddlewaretoken={token}" if request.startswith("POST") else ""
        head = (
            f"{request} HTTP/1.1\r\nHost: {address.netloc}\r\nOrigin: {url}\r\n"
            f"Cookie: {cookies}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n"
        )
        reader.sendall(f"{head}\r\n{form}".encode())
        assert reader.recv(12) == b"HTTP/1.1 200"
        yield


@pytest.mark.parametrize("asked", [audio, call_audio, export, long_answer])
def test_slow_readers_keep_no_connection(
    aloha_url, owner, client, message, asked: Callable[[Message], str]
):
    client.force_login(owner)
    leave_the_database(aloha_url, asked(message), client)


def test_whoever_watches_the_calls_keeps_no_connection(aloha_url, owner):
    make_call(make_number(owner))
    leave_the_database(aloha_url, f"GET {reverse('admin:live_news')}", browser_of("Support"))


def leave_the_database(url: str, request: str, client: Client) -> None:
    """Somebody else gets at it while so many read; raises OperationalError if not."""
    connection.close()
    with contextlib.ExitStack() as stack:
        for _ in range(READERS):
            stack.enter_context(stalled(url, request, client))
        with service_scope():
            assert Call.objects.exists()
