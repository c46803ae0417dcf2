"""The browser phone's socket: its page alone opens it, and it calls the owner's number alone."""

import time

import aiohttp
import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from accounts.models import User
from aloha_site import phone_socket
from telephony.models import Call, UsageCounter
from tests.factories import make_call, make_number, make_user
from tests.peers.browser_phone import call, closed, phone, told
from tests.peers.server import on_both_servers

pytestmark = pytest.mark.S1


@pytest.fixture
def number(owner):
    return make_number(owner)


@pytest.mark.parametrize(
    ("is_logged_in", "origin"),
    [
        pytest.param(False, "", id="nobody is logged in"),
        pytest.param(True, "https://elsewhere.example", id="another origin"),
        pytest.param(True, "null", id="a sandboxed page"),
        pytest.param(True, None, id="no origin at all"),
    ],
)
async def test_the_handshake_is_refused(aloha_url, owner, number, is_logged_in, origin):
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        async with phone(aloha_url, owner if is_logged_in else None, origin=origin):
            pass
    assert refused.value.status == 403


@pytest.fixture
def others(stranger) -> list[User]:
    """A stranger, staff without a single permission, and staff with all."""
    clerk = make_user("clerk@example.com", is_staff=True)
    return [stranger, clerk, make_user("boss@example.com", is_staff=True, is_superuser=True)]


async def test_nobody_else_reaches_a_number_of_the_owners(aloha_url, number, others):
    for user in others:
        async with phone(aloha_url, user) as socket:
            await call(socket)
            assert "no number" in (await told(socket, "refused"))["text"]
            assert await closed(socket) == 1000
    assert not await Call.objects.aexists()


async def test_an_address_that_is_not_reached_is_told_without_words_for_operators(
    aloha_url, owner, number, settings, unused_tcp_port, caplog
):
    async with phone(aloha_url, owner) as socket:
        settings.PUBLIC_BASE_URL = f"http://127.0.0.1:{unused_tcp_port}"
        await call(socket)
        text = str((await told(socket, "refused"))["text"])
    assert "does not reach its own address" in text
    assert "127.0.0.1" not in text
    assert "PUBLIC_BASE_URL" not in text
    [record] = [each for each in caplog.records if each.msg == "browser call not placed"]
    assert record.__dict__["error"] == f"Nothing answers at {settings.PUBLIC_BASE_URL}."


async def test_one_call_at_a_time(aloha_url, owner, number):
    async with phone(aloha_url, owner) as first, phone(aloha_url, owner) as second:
        await call(first)
        await told(first, "placed")
        await call(second)
        assert "already" in (await told(second, "refused"))["text"]


async def test_a_call_that_another_process_carries_counts(aloha_url, owner, number):
    await sync_to_async(make_call)(number, status="in-progress")
    async with phone(aloha_url, owner) as socket:
        await call(socket)
        assert "already" in (await told(socket, "refused"))["text"]


async def test_calls_are_limited_per_hour(aloha_url, owner, number):
    now = timezone.now()
    await UsageCounter.objects.acreate(
        kind="browser_call",
        subject=str(owner.pk),
        period_start=now.replace(minute=0, second=0, microsecond=0),
        used=phone_socket.CALLS_PER_HOUR,
    )
    async with phone(aloha_url, owner) as socket:
        await call(socket)
        await told(socket, "refused")
    assert not await Call.objects.aexists()


@pytest.mark.parametrize(
    "first",
    [
        pytest.param('{"type": "call", "script": "nobody"}', id="no such script"),
        pytest.param('{"type": "call", "script": "", "to": "+14155550111"}', id="a number"),
        pytest.param('{"type": "hangup"}', id="not a call"),
        pytest.param("[" * 100, id="no JSON"),
        pytest.param("x" * 60_000, id="a huge text"),
        pytest.param(b"\xff" * 60_000, id="a huge sound"),
        pytest.param("x" * 70_000, id="more than a socket takes"),
    ],
)
async def test_nonsense_places_no_call(aloha_url, owner, number, first):
    async with phone(aloha_url, owner) as socket:
        await (socket.send_str(first) if isinstance(first, str) else socket.send_bytes(first))
        assert await closed(socket) in {1000, 1008, 1009}
    assert not await Call.objects.aexists()


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"\xff" * 1_601, id="frames too large"),
        pytest.param(b"", id="empty frames"),
        pytest.param('{"type": "key", "key": "12"}', id="two keys at once"),
    ],
)
async def test_a_phone_that_goes_on_with_nonsense_is_hung_up(aloha_url, owner, number, message):
    async with phone(aloha_url, owner) as socket:
        await call(socket, "")
        await told(socket, "placed")
        for _ in range(25):
            send = socket.send_str if isinstance(message, str) else socket.send_bytes
            await send(message)
        assert await closed(socket) == 1008


async def test_a_flood_is_hung_up_and_the_call_ends(aloha_url, owner, number):
    async with phone(aloha_url, owner) as socket:
        await call(socket, "")
        await told(socket, "call")
        for _ in range(3_000):
            await socket.send_bytes(b"\xff" * 160)
        assert await closed(socket) == 1008
    row = await Call.objects.aget()
    assert row.is_final


def wait_for_the_end(owner) -> None:
    deadline = time.monotonic() + 15
    while owner.pk in phone_socket._on_the_phone or not Call.objects.get().is_final:
        assert time.monotonic() < deadline, "the call goes on"
        time.sleep(0.1)


@on_both_servers
async def test_a_browser_that_leaves_ends_the_call(aloha_url, owner, number):
    async with phone(aloha_url, owner) as socket:
        await call(socket, "")
        await told(socket, "call")
    await sync_to_async(wait_for_the_end)(owner)
