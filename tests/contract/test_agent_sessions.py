"""What every agent must do, whoever it is: one suite on each backend."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from agent.backends.base import AgentBackend
from agent.backends.openai_live import OpenAILiveBackend
from agent.backends.openai_realtime import OpenAIRealtimeBackend
from agent.backends.scripted import ScriptedBackend
from agent.brief import CallType
from agent.fake_live.manner import LiveManner
from agent.fake_live.server import FakeLive
from agent.fake_realtime.manner import Manner
from agent.fake_realtime.script import canned_conversation
from agent.fake_realtime.server import FakeRealtime
from agent.session import (
    AgentDone,
    AgentEvent,
    AgentOutcome,
    AgentReport,
    AgentSession,
    CallerPaused,
    CallerStarted,
    CallerStopped,
    Heard,
    Utterance,
    UtteranceEnd,
)
from aloha_site.agent_settings import LIVE_PRICES, PRICES
from tests.agent.realtime_call import brief
from tests.agent.test_endpointer import silence, voice

PIECE_BYTES = 4_000
PACED_BYTES = 480  # to whom the line's time is the only one
SENTENCE = silence(400) + voice(1_500)
TURN = SENTENCE + silence(4_000)


@pytest.fixture(params=["scripted", "openai_realtime", "openai_live"])
async def backend(request: pytest.FixtureRequest) -> AsyncIterator[AgentBackend]:
    if request.param == "scripted":
        yield ScriptedBackend()
        return
    if request.param == "openai_live":
        quick = LiveManner(latency_ms=20, caller_words_late_ms=20)
        async with FakeLive(canned_conversation, manner=quick) as live_server:
            yield OpenAILiveBackend(api_key="a-key", url=live_server.url, prices=LIVE_PRICES)
        return
    manner = Manner(latency_ms=20, transcription_ms=20)
    async with FakeRealtime(canned_conversation, manner=manner, speed=5) as server:
        yield OpenAIRealtimeBackend(api_key="a-key", url=server.url, prices=PRICES)


@pytest.fixture(params=[CallType.VOICEMAIL, CallType.LIVE])
async def session(
    request: pytest.FixtureRequest, backend: AgentBackend
) -> AsyncIterator[AgentSession]:
    opened = await backend.open_session(brief(call_type=request.param))
    yield opened
    await opened.close()


sent_ms: Counter[AgentSession] = Counter()
"""How much of the line's audio a session has had: the clock of its turns."""


async def speak(session: AgentSession, audio: bytes, *, piece_bytes: int = PIECE_BYTES) -> None:
    """Far faster than anybody speaks."""
    for at in range(0, len(audio), piece_bytes):
        for frame in range(at, min(at + piece_bytes, len(audio) - 159), 160):
            session.send_audio(audio[frame : frame + 160])
            sent_ms[session] += 20
        await asyncio.sleep(0.01)


async def until(
    session: AgentSession, *kinds: type[AgentEvent], line_is_silent: bool = True
) -> list[AgentEvent]:
    """Events up to the first of these kinds.

    An agent whose audio is paced by that of the line hears a line that is silent meanwhile.
    """
    events: list[AgentEvent] = []
    needs_line = line_is_silent and session.capabilities.paces_audio
    waiting = asyncio.create_task(speak(session, silence(60_000 if needs_line else 0)))
    try:
        async with asyncio.timeout(5):
            async for event in session.events():
                events.append(event)
                if isinstance(event, kinds):
                    return events
    finally:
        waiting.cancel()
    raise AssertionError(f"it ended without one of {kinds}")


async def after_greeting(session: AgentSession) -> str:
    """Let the greeting be heard; its id."""
    greeting = (await until(session, UtteranceEnd))[-1]
    assert isinstance(greeting, UtteranceEnd)
    session.utterance_played(greeting.utterance_id)
    return greeting.utterance_id


async def test_it_speaks_first_in_whole_utterances(session):
    *pieces, end = await until(session, UtteranceEnd)
    assert pieces
    for piece in pieces:
        assert isinstance(piece, Utterance)
        assert piece.utterance_id == end.utterance_id
        assert piece.audio
        assert piece.duration_ms == len(piece.audio) // 8
    assert "AI" in end.text


async def test_a_turn_of_the_caller_begins_and_ends_and_is_answered(session):
    await after_greeting(session)
    piece_bytes = PACED_BYTES if session.capabilities.paces_audio else PIECE_BYTES
    talking = asyncio.create_task(speak(session, TURN, piece_bytes=piece_bytes))
    events = await until(session, CallerStopped, line_is_silent=False)
    assert isinstance(events[0], CallerStarted)
    turn = events[-1]
    assert isinstance(turn, CallerStopped)
    assert 0 <= events[0].at_ms == turn.start_ms < turn.end_ms <= sent_ms[session]
    assert not any(isinstance(event, CallerPaused) for event in events[2:-1])
    if not any(isinstance(event, UtteranceEnd) for event in events):
        await until(session, UtteranceEnd)
    await talking


async def test_when_the_time_is_over_it_says_so_and_is_done(session):
    await after_greeting(session)
    session.wrap_up()
    events = await until(session, AgentDone)
    assert events[-1] == AgentDone(outcome=AgentOutcome.TIME_LIMIT)
    ends = [event for event in events if isinstance(event, UtteranceEnd)]
    assert "time is up" in ends[-1].text


async def test_the_end_of_the_time_is_told_once(session):
    await after_greeting(session)
    session.wrap_up()
    session.wrap_up()
    await until(session, AgentDone)
    session.wrap_up()
    await session.close()
    left = [event async for event in session.events()]
    assert not any(isinstance(event, AgentDone) for event in left)


async def test_closing_tells_of_an_unfinished_turn_and_then_ends(session):
    await after_greeting(session)
    await speak(session, SENTENCE)
    await session.close()
    events = [event async for event in session.events()]
    turns = [event for event in events if isinstance(event, CallerStopped)]
    assert len(turns) == 1
    assert turns[0].start_ms < turns[0].end_ms <= sent_ms[session]


async def test_closing_is_quick_and_may_be_repeated(session):
    began = time.monotonic()
    await session.close()
    await session.close()
    assert time.monotonic() - began < 1
    async with asyncio.timeout(1):
        [event async for event in session.events()]
        assert [event async for event in session.events()] == []


@pytest.mark.parametrize("audio", [b"", b"\x00", b'"}', bytes(range(100)), b"\xff" * 3_072])
async def test_audio_of_any_bytes_and_length_does_no_harm(session, audio):
    session.send_audio(audio)
    await after_greeting(session)


async def test_news_of_what_was_never_said_does_no_harm(session):
    session.utterance_played("nothing")
    session.interrupted([Heard(utterance_id="nothing", heard_ms=100)])
    session.key_pressed("Z")
    await after_greeting(session)


async def test_who_does_not_watch_silence_asks_when_told_to(session):
    await after_greeting(session)
    if session.capabilities.watches_silence:
        await speak(session, silence(8_000))
    else:
        session.caller_silent(1)
    events = await until(session, UtteranceEnd)
    assert "still there" in events[-1].text


async def test_nothing_is_said_after_the_end(session):
    await session.close()
    [event async for event in session.events()]
    session.wrap_up()
    session.caller_silent(1)
    session.key_pressed("1")
    session.send_audio(silence(20))
    assert [event async for event in session.events()] == []


async def test_it_can_tell_about_its_part_at_any_time(session):
    assert isinstance(session.report(), AgentReport)
    await session.close()
    assert isinstance(session.report(), AgentReport)


def test_it_offers_voices_under_one_name_each(backend):
    names = [voice.name for voice in backend.voices()]
    assert names
    assert len(names) == len(set(names))


def test_it_finds_no_fault_with_itself(backend):
    assert backend.check() == []
