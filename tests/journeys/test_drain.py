"""A server that is told to stop cuts no call: its successor takes them over."""

import asyncio
import http.client
import signal
import time
from urllib.parse import urlsplit

import pytest
from django import db

from agent.speech.wav import read_mulaw
from telephony.call_events import EventKind
from telephony.models import Call, StreamState, TranscriptLine
from telephony.simulator.callers import WavCaller
from telephony.simulator.carrier import SimulatedCall
from telephony.simulator.result import AnsweredBy, CallResult
from tests.factories import make_number
from tests.peers.ports import free_port
from tests.peers.processes import Process, started

# A whole machine's time: `./dev soak A4`.
pytestmark = [pytest.mark.A4, pytest.mark.soak]

DRAIN_S = 2
CHANGES = {
    "DRAIN_SECONDS": str(DRAIN_S),
    "AGENT_CALLS_PER_NUMBER": "1000",
    "AGENT_CALLS_AT_ONCE": "1000",
}


@pytest.fixture
def number(transactional_db, owner):
    return make_number(owner)


@pytest.fixture
def speech(human_speech) -> bytes:
    return read_mulaw(human_speech)


def server(tmp_path, name: str, port: int) -> Process:
    arguments = ("serve", "--port", str(port), "--share-port", "--access-log")
    return Process(tmp_path, name, *arguments, url=f"http://127.0.0.1:{port}", changes=CHANGES)


def dial(url: str, number, speech: bytes, calls: int) -> list[asyncio.Task[CallResult]]:
    placed = [
        SimulatedCall(
            base_url=url,
            caller=WavCaller([speech]),
            to_number=number.phone_number,
            from_number=f"+1510555{index:04}",
        )
        for index in range(100, 100 + calls)
    ]
    return [asyncio.create_task(call.run()) for call in placed]


async def streams_open(calls: int) -> None:
    async with asyncio.timeout(30):
        while True:
            if await Call.objects.filter(stream_state=StreamState.OPEN).acount() == calls:
                return
            await asyncio.sleep(0.1)


async def everything_kept(new: Process, calls: int) -> None:
    """The carrier is done before the audio is stored; a stream says last that it closed."""
    async with asyncio.timeout(30):
        while True:
            if new.log.read_text().count("outcome=finished") == calls:
                return
            await asyncio.sleep(0.1)


def kept_alive(url: str) -> http.client.HTTPConnection:
    """A connection on which the server has answered once and may be asked again."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request("GET", "/readyz")
    assert connection.getresponse().read() == b"ready\n"
    return connection


@pytest.mark.parametrize("calls", [2, 20])
async def test_no_call_is_cut_when_a_successor_takes_over(
    number, speech, tmp_path, calls, record_property
):
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    old = server(tmp_path, "old", port)
    with started(old):
        await asyncio.to_thread(old.wait_for, "Listening on")
        connection = await asyncio.to_thread(kept_alive, url)
        talking = dial(url, number, speech, calls)
        await streams_open(calls)
        new = server(tmp_path, "new", port)
        with started(new):
            await asyncio.to_thread(new.wait_for, "Listening on")
            told_at = time.monotonic()
            old.popen.send_signal(signal.SIGTERM)
            await asyncio.to_thread(old.wait_for, "another process listens on the port")
            connection.request("GET", "/readyz")
            assert connection.getresponse().status == 503
            await asyncio.to_thread(old.popen.wait, DRAIN_S + 10)
            took_s = time.monotonic() - told_at
            results = await asyncio.gather(*talking)
            await everything_kept(new, calls)
            print(old.log.read_text()[-6000:], new.log.read_text()[-6000:])
    record_property(
        "figures",
        f"{db.connection.vendor}: {calls} calls handed over, stopped after {took_s:.1f} s,"
        f" of {DRAIN_S + 10} that are allowed.",
    )
    assert took_s <= DRAIN_S + 10
    assert {result.answered_by for result in results} == {AnsweredBy.AGENT}
    assert not any(result.warnings for result in results)
    assert all(speech in result.said for result in results)
    await everybody_was_handed_over(calls)


async def everybody_was_handed_over(calls: int) -> None:
    """Each call once, and each ended with the successor's goodbye; all is in its recording."""
    kept = [call async for call in Call.objects.select_related("recording")]
    assert len(kept) == calls
    for call in kept:
        assert (call.stream_generation, call.end_reason) == (1, "agent_finished")
        assert await call.events.filter(kind=EventKind.HANDED_OVER).acount() == 1
        lines = [line async for line in TranscriptLine.objects.filter(call=call)]
        assert max(line.end_ms for line in lines) <= call.recording.duration_ms
