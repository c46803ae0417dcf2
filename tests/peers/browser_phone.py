"""A browser's phone, bare: its socket, and what it says and is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from asgiref.sync import sync_to_async
from django.test import Client

PATH = "/aloha/phone/call"


def session_of(user) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


@asynccontextmanager
async def phone(
    url: str, user=None, *, origin: str | None = ""
) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A browser's socket; an empty origin is the page's own, None sends no such header."""
    cookies = {"sessionid": await sync_to_async(session_of)(user)} if user else {}
    headers = {} if origin is None else {"Origin": origin or url}
    async with (
        aiohttp.ClientSession(cookies=cookies, cookie_jar=jar()) as session,
        session.ws_connect(url + PATH, headers=headers) as socket,
    ):
        yield socket


def jar() -> aiohttp.CookieJar:
    return aiohttp.CookieJar(unsafe=True)  # keeps the cookies of addresses without a name


async def call(socket: aiohttp.ClientWebSocketResponse, script: str = "silent") -> None:
    await socket.send_json({"type": "call", "script": script})


async def told(socket: aiohttp.ClientWebSocketResponse, kind: str) -> dict[str, object]:
    """The next message of that kind. Raises AssertionError when the socket closes first."""
    async with asyncio.timeout(15):
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                content = json.loads(message.data)
                if content["type"] == kind:
                    return content
    raise AssertionError(f"closed with {socket.close_code} before {kind}")


async def closed(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    async with asyncio.timeout(25):
        async for _ in socket:
            pass
    return socket.close_code
