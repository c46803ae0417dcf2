"""The carrier's requests around a call: signed, as a simulated carrier signs them."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import html
import re
import uuid
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import aiohttp

from bench.processes import NUMBER, Candidate, signing_key
from bench.websocket import NotSpoken

_STREAM = re.compile(r'<Stream\b[^>]*\burl="([^"]+)"')


@dataclass(slots=True)
class Announced:
    """How many other calls were announced meanwhile, and how many of them a stand-in answered."""

    count: int = 0
    turned_away: int = 0


@contextlib.asynccontextmanager
async def announcing(candidate: Candidate, per_second: int) -> AsyncIterator[Announced]:
    """Announce calls at this rate, which then do not open a stream, while the block runs."""
    announced = Announced()
    if not per_second:
        yield announced
        return

    async def announce_all() -> None:
        async with aiohttp.ClientSession() as client, asyncio.TaskGroup() as group:
            while True:
                group.create_task(announce(client))
                await asyncio.sleep(1 / per_second)

    async def announce(client: aiohttp.ClientSession) -> None:
        try:
            await place_call(client, candidate.url, f"SIMULATED_CALL_{uuid.uuid4().hex}")
        except NotSpoken:
            announced.turned_away += 1
        else:
            announced.count += 1

    task = asyncio.create_task(announce_all())
    try:
        yield announced
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def signature(url: str, form: Mapping[str, str]) -> str:
    """The carrier's signature over a request."""
    signed = url + "".join(f"{name}{form[name]}" for name in sorted(form))
    return base64.b64encode(
        hmac.digest(signing_key().encode(), signed.encode(), hashlib.sha1)
    ).decode()


async def place_call(client: aiohttp.ClientSession, base_url: str, call_sid: str) -> str:
    """Tell of an incoming call; the address of the media stream that is asked for."""
    url = f"{base_url}/api/twilio/voice/incoming"
    form = {
        "CallSid": call_sid,
        "AccountSid": "AC" + "0" * 32,
        "ApiVersion": "2010-04-01",
        "From": "+15105550147",
        "To": NUMBER,
        "CallStatus": "ringing",
        "Direction": "inbound",
        "FromCountry": "US",
    }
    headers = {"X-Twilio-Signature": signature(url, form)}
    async with client.post(url, data=form, headers=headers) as answer:
        found = _STREAM.search(await answer.text())
    if answer.status != 200 or found is None:
        raise NotSpoken(f"The call was not answered by an agent ({answer.status}).")
    return html.unescape(found[1])
