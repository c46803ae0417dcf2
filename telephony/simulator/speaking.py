"""Say, Play and Pause: what the caller only listens to."""

import asyncio
from collections.abc import Callable
from typing import assert_never
from urllib.parse import urljoin, urlsplit

import aiohttp
from yarl import URL

from agent.errors import AudioFormatError
from agent.speech import wav
from telephony.simulator import sounds
from telephony.simulator.elements import LOOPBACK_HOSTS
from telephony.simulator.events import SoundPlayed, TextSpoken, Warned
from telephony.simulator.live_call import LiveCall
from telephony.simulator.verbs import Pause, Play, Say, Speech

FETCH_S = 5.0
MAX_FILE_BYTES = 16 * 1024 * 1024


async def speak(
    call: LiveCall, verb: Speech, *, document_url: str, until: Callable[[], bool] | None = None
) -> None:
    """Carry out one of the three; stops early once `until` is true. Raises HungUp."""
    match verb:
        case Say():
            as_tone = not sounds.is_recorded(verb.text)
            call.report(TextSpoken(text=verb.text, as_tone=as_tone))
            audio, loop = sounds.spoken(verb.text), verb.loop
        case Play():
            audio, loop = await _sound(call, verb, document_url=document_url), verb.loop
        case Pause():
            audio, loop = sounds.silence(verb.length_s), 1
        case _:
            assert_never(verb)
    played = 0
    while audio and (loop == 0 or played < loop) and not (until and until()):
        await call.answered_line().play(audio, until=until)
        played += 1


async def _sound(call: LiveCall, verb: Play, *, document_url: str) -> bytes:
    if verb.digits:
        call.report(SoundPlayed(source=f"the tones of {verb.digits}"))
        return sounds.key_tones(verb.digits)
    url = urljoin(document_url, verb.url)
    try:
        content = await _fetch(call.session, url)
        audio = await asyncio.to_thread(wav.mulaw_of, content)
    except (aiohttp.ClientError, AudioFormatError, TimeoutError, ValueError) as error:
        text = f"The file {url} cannot be played: {error or 'it took too long.'}"
        call.report(Warned(code="11200", text=text))
        return b""
    finally:
        if call.line is not None:
            call.line.pass_silence()
    call.report(SoundPlayed(source=url))
    return audio


async def _fetch(session: aiohttp.ClientSession, url: str) -> bytes:
    """A file of this machine. Raises ValueError for any other place, ClientError, TimeoutError."""
    parts = urlsplit(url)
    if parts.scheme != "http" or parts.hostname not in LOOPBACK_HOSTS:
        raise ValueError("the simulator fetches from this machine only.")
    async with (
        asyncio.timeout(FETCH_S),
        session.get(URL(url, encoded=True), allow_redirects=False) as response,
    ):
        if response.status != 200:
            raise ValueError(f"the answer was {response.status}.")
        content = bytearray()
        async for piece in response.content.iter_chunked(64 * 1024):
            content += piece
            if len(content) > MAX_FILE_BYTES:
                raise ValueError(f"it is larger than {MAX_FILE_BYTES >> 20} MiB.")
        return bytes(content)
