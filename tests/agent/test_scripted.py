"""The embedded agent on a line, with real sound in both directions."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from agent.backends.scripted import ScriptedBackend, ScriptedSession
from agent.brief import CallBrief, CallType
from agent.session import (
    AgentDone,
    AgentOutcome,
    CallerStarted,
    CallerStopped,
    TranscriptSource,
    Utterance,
    UtteranceEnd,
)
from agent.speech import mulaw, prompts
from agent.voices import REALTIME_VOICES
from tests.agent import recorded_speech
from tests.agent.loopback_line import LoopbackLine
from tests.agent.recorded_speech import needs_recordings

CALLERS = Path(__file__).parents[2] / "telephony" / "simulator" / "callers"
CUSTOMER = (CALLERS / "customer-1.ulaw").read_bytes()
ANSWER = (CALLERS / "customer-2.ulaw").read_bytes()

BRIEF = CallBrief(
    call_type=CallType.LIVE,
    receptionist=True,
    agent_name="Iris",
    owner_name="Nora Whitfield",
    voice="marin",
    greeting="",
    about="",
    language="en-US",
    forwarded=None,
)


def words(*names: str) -> list[str]:
    return [prompts.text_of(name) for name in names]


def session(call_type: CallType = CallType.VOICEMAIL) -> ScriptedSession:
    return ScriptedSession(call_type=call_type)


def human() -> bytes:
    return mulaw.encode(recorded_speech.speech("vm-intro"))


@pytest.mark.M11
@pytest.mark.parametrize(
    "speech",
    [
        pytest.param(lambda: CUSTOMER, id="scripted caller"),
        pytest.param(human, id="recorded human", marks=needs_recordings),
    ],
)
async def test_it_greets_takes_the_message_confirms_and_says_goodbye(speech) -> None:
    audio = speech()
    async with LoopbackLine(session()) as line:
        await line.listen()
        await line.stay_silent(800)
        await line.speak(audio)
        await line.stay_silent(1600)
        await line.listen()
        await line.stay_silent(4000)
        await line.listen()
    assert line.said == words("greeting_voicemail", "anything_else", "confirmed", "goodbye")
    [turn] = [event for event in line.events if isinstance(event, CallerStopped)]
    assert len(audio) // 8 - 400 < turn.end_ms - turn.start_ms < len(audio) // 8 + 400
    assert (turn.text, turn.source) == ("", TranscriptSource.NONE)
    assert line.events[-1] == AgentDone(outcome=AgentOutcome.FINISHED)


@pytest.mark.M11
async def test_an_answer_to_anything_else_is_taken_too() -> None:
    async with LoopbackLine(session(CallType.LIVE)) as line:
        await line.listen()
        for audio in (CUSTOMER, ANSWER):
            await line.stay_silent(500)
            await line.speak(audio)
            await line.stay_silent(2400)
            await line.listen()
    assert line.said == words("greeting_live", "anything_else", "confirmed", "goodbye")
    assert sum(isinstance(event, CallerStopped) for event in line.events) == 2


@pytest.mark.M11
async def test_a_silent_caller_is_asked_twice_and_let_go_politely() -> None:
    async with LoopbackLine(session()) as line:
        for _ in range(4):
            await line.listen()
            await line.stay_silent(6000)
    greeting, *rest = words("greeting_voicemail", "still_there", "still_there_again", "no_message")
    assert line.said == [greeting, *rest]
    assert not any(isinstance(event, CallerStarted) for event in line.events)


async def test_the_greeting_is_there_before_the_caller_makes_a_sound() -> None:
    async with LoopbackLine(session()) as line:
        sound = b"".join(event.audio for event in line.events if isinstance(event, Utterance))
        assert sound == prompts.load("greeting_voicemail")
        assert isinstance(line.events[-1], UtteranceEnd)
        assert line.events[-1].source is TranscriptSource.SCRIPTED


async def test_pieces_of_speech_last_as_long_as_they_say() -> None:
    async with LoopbackLine(session()) as line:
        for event in line.events:
            if isinstance(event, Utterance):
                assert len(event.audio) == event.duration_ms * 8
                assert event.duration_ms <= 400


async def test_a_caller_who_speaks_over_the_greeting_is_listened_to() -> None:
    async with LoopbackLine(session()) as line:
        await line.stay_silent(1000)
        await line.speak(CUSTOMER[:8000])
        assert isinstance(line.events[-1], CallerStarted)
        assert line.is_quiet
        await line.speak(CUSTOMER[8000:])
        await line.stay_silent(1600)
    assert line.said == words("greeting_voicemail", "anything_else")


async def test_a_cough_does_not_stop_the_greeting() -> None:
    async with LoopbackLine(session()) as line:
        await line.stay_silent(1000)
        await line.speak(CUSTOMER[1600:3200])
        await line.listen()
    assert not any(isinstance(event, CallerStarted) for event in line.events)


async def test_what_is_said_over_the_goodbye_does_not_cut_it_short() -> None:
    async with LoopbackLine(session()) as line:
        await line.listen()
        await line.speak(CUSTOMER)
        await line.stay_silent(1600)
        await line.listen()
        await line.stay_silent(4000)
        before = len(line.events)
        await line.speak(ANSWER)
        assert len(line.events) == before


async def test_pauses_for_thought_do_not_end_a_message() -> None:
    async with LoopbackLine(session()) as line:
        await line.listen()
        for _ in range(4):
            await line.speak(ANSWER)
            await line.stay_silent(1000)
        assert line.said == words("greeting_voicemail")


async def test_a_message_without_end_is_cut_after_two_minutes() -> None:
    async with LoopbackLine(session()) as line:
        await line.listen()
        for _ in range(16):
            await line.speak(CUSTOMER[1600:-1600])
    [turn] = [event for event in line.events if isinstance(event, CallerStopped)][:1]
    assert 119_000 < turn.end_ms - turn.start_ms <= 120_020
    assert line.said[1:2] == words("anything_else")


async def test_without_marks_the_call_goes_on() -> None:
    async with LoopbackLine(session()) as line:
        line.returns_marks = False
        await line.listen()
        await line.stay_silent(3000 + 6100)
    assert line.said == words("greeting_voicemail", "still_there")


async def test_the_end_of_the_call_s_time_is_said_in_words() -> None:
    async with LoopbackLine(session()) as line:
        await line.listen()
        await line.speak(CUSTOMER)
        line.session.wrap_up()
        await line.stay_silent(20)
    assert [type(event) for event in line.events[-2:]] == [UtteranceEnd, AgentDone]
    assert line.events[-1] == AgentDone(outcome=AgentOutcome.TIME_LIMIT)
    assert sum(isinstance(event, CallerStopped) for event in line.events) == 1
    assert line.said[-1:] == words("time_is_up")


async def test_a_turn_that_the_caller_ends_by_hanging_up_is_reported() -> None:
    async with LoopbackLine(session()) as line:
        await line.listen()
        await line.speak(CUSTOMER)
    assert isinstance(line.events[-1], CallerStopped)


async def test_frames_of_any_length_are_put_together() -> None:
    audio = prompts.load("greeting_voicemail")
    line = LoopbackLine(session())
    async with line:
        await line.listen()
        for start in range(0, len(CUSTOMER), 37):
            line.session.send_audio(CUSTOMER[start : start + 37])
        await line.stay_silent(1600)
    [turn] = [event for event in line.events if isinstance(event, CallerStopped)]
    assert turn.end_ms - len(audio) // 8 == pytest.approx(len(CUSTOMER) // 8, abs=400)


async def test_closing_twice_ends_the_events_once_and_for_all() -> None:
    spoken = session()
    await spoken.close()
    await spoken.close()
    spoken.send_audio(CUSTOMER)
    spoken.wrap_up()
    async with asyncio.timeout(1):
        greeted = [event async for event in spoken.events()]
        assert [event async for event in spoken.events()] == []
    assert isinstance(greeted[-1], UtteranceEnd)


async def test_the_backend_opens_sessions_for_both_kinds_of_call() -> None:
    async with LoopbackLine(await ScriptedBackend().open_session(BRIEF)) as line:
        assert line.said == words("greeting_live")


async def test_who_spoke_before_anybody_had_greeted_her_is_asked_for_her_message_first() -> None:
    brief = replace(BRIEF, said_before=(("caller", "Hello?"),))
    async with LoopbackLine(await ScriptedBackend().open_session(brief)) as line:
        await line.listen()
        await line.stay_silent(800)
        await line.speak(CUSTOMER)
        await line.stay_silent(2400)
        assert line.said == words("greeting_live", "anything_else")


def test_the_backend_is_honest_about_what_it_can_do() -> None:
    backend = ScriptedBackend()
    assert backend.name == "scripted"
    assert not backend.can_speak_freely
    assert backend.voices() == REALTIME_VOICES
    assert backend.check() == []
