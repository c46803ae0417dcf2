"""The Realtime agent on a socket: how it opens, breaks, goes on and ends, in real time."""

import asyncio
import base64
import time
from decimal import Decimal

import pytest
from aiohttp import web

from agent.backends.openai_realtime import OpenAIRealtimeBackend
from agent.backends.realtime_session import RealtimeSession
from agent.errors import AgentUnavailable
from agent.fake_realtime.faults import Fault, Kind, Phase
from agent.fake_realtime.manner import Manner
from agent.fake_realtime.script import canned_conversation
from agent.fake_realtime.server import FakeRealtime
from agent.session import (
    AgentDone,
    AgentEvent,
    AgentFailed,
    AgentReport,
    CallerStopped,
    Heard,
    Utterance,
    UtteranceEnd,
)
from agent.speech import mulaw, prompts
from aloha_site.agent_settings import PRICES
from tests.agent.realtime_call import SENTENCE, brief, playbook, silence

QUICK = Manner(latency_ms=20, transcription_ms=20)
FRAME = bytes([mulaw.SILENCE]) * 160


def backend(url: str, **options: object) -> OpenAIRealtimeBackend:
    return OpenAIRealtimeBackend(api_key="a-key", url=url, prices=PRICES, **options)  # type: ignore[arg-type]


async def opened(server: FakeRealtime, **changes: object) -> RealtimeSession:
    session = await backend(server.url).open_session(brief(**changes))
    assert isinstance(session, RealtimeSession)
    return session


async def until(
    session: RealtimeSession, kind: type[AgentEvent], *, times: int = 1
) -> list[AgentEvent]:
    """Events up to the nth of this kind."""
    events: list[AgentEvent] = []
    async with asyncio.timeout(5):
        async for event in session.events():
            events.append(event)
            if sum(isinstance(each, kind) for each in events) >= times:
                return events
    raise AssertionError(f"no {kind.__name__}")


def speak(session: RealtimeSession, audio: bytes) -> None:
    """All at once: the stand-in measures time by the audio."""
    for at in range(0, len(audio) - 159, 160):
        session.send_audio(audio[at : at + 160])


async def say(session: RealtimeSession, audio: bytes = SENTENCE + silence(700)) -> None:
    """In pieces of a second, so that none is dropped on the way."""
    for at in range(0, len(audio), 8_000):
        speak(session, audio[at : at + 8_000])
        await asyncio.sleep(0.02)


# --- Opening ---


async def test_the_first_words_come_as_soon_as_the_model_has_them():
    async with FakeRealtime(canned_conversation, manner=Manner(latency_ms=100)) as server:
        began = time.monotonic()
        session = await opened(server)
        await until(session, Utterance)
        assert time.monotonic() - began < 0.6
        await session.close()


async def test_the_greeting_is_heard_whole():
    async with FakeRealtime(canned_conversation, manner=QUICK) as server:
        session = await opened(server)
        events = await until(session, UtteranceEnd)
        pieces = [each.audio for each in events if isinstance(each, Utterance)]
        assert b"".join(pieces) == prompts.load("greeting_live")
        await session.close()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(kind=Kind.REFUSED, phase=Phase.UPGRADE, status=401), "http_401"),
        (Fault(kind=Kind.REFUSED, phase=Phase.UPGRADE, status=403), "http_403"),
        (Fault(kind=Kind.REFUSED, phase=Phase.UPGRADE, status=404), "http_404"),
        (Fault(kind=Kind.REFUSED, phase=Phase.UPGRADE, status=429), "http_429"),
        (Fault(kind=Kind.REFUSED, phase=Phase.UPGRADE, status=500), "http_500"),
        (Fault(kind=Kind.ERROR_EVENT, code="insufficient_quota"), "insufficient_quota"),
        (Fault(kind=Kind.CLOSED), "closed_1011"),
        (Fault(kind=Kind.ABORTED), "closed_1006"),
        (Fault(kind=Kind.EXPIRED), "session_expired"),
        (Fault(kind=Kind.GARBAGE), "protocol"),
        (Fault(kind=Kind.WRONG_FORMAT), "audio_format"),
    ],
)
async def test_a_session_that_cannot_be_opened_is_no_session(fault, code):
    async with FakeRealtime(canned_conversation, manner=QUICK, fault=fault) as server:
        with pytest.raises(AgentUnavailable, match=code):
            await backend(server.url).open_session(brief())


@pytest.mark.M3
@pytest.mark.parametrize("kind", [Kind.NEVER_READY, Kind.SLOW])
async def test_connected_means_that_our_configuration_is_in_force(kind):
    async with FakeRealtime(canned_conversation, fault=Fault(kind=kind)) as server:
        began = time.monotonic()
        with pytest.raises(AgentUnavailable, match="in time"):
            await backend(server.url, opening_seconds=0.3).open_session(brief())
        assert time.monotonic() - began < 1
        assert len(server.sessions[0].got("session.update")) == 1
        assert server.sessions[0].got("response.create") == []


@pytest.mark.parametrize("kind", [Kind.ABORTED, Kind.CLOSED, Kind.GARBAGE])
async def test_a_session_that_fails_to_open_is_tried_once_more(kind):
    fault = Fault(kind=kind, sessions=1)
    async with FakeRealtime(canned_conversation, manner=QUICK, fault=fault) as server:
        session = await opened(server)
        await until(session, Utterance)
        await session.close()
    assert len(server.sessions) == 2


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind=Kind.REFUSED, phase=Phase.UPGRADE, status=401),
        Fault(kind=Kind.WRONG_FORMAT),
        Fault(kind=Kind.ERROR_EVENT, code="insufficient_quota"),
    ],
)
async def test_what_every_session_would_meet_is_not_tried_twice(fault):
    async with FakeRealtime(canned_conversation, manner=QUICK, fault=fault) as server:
        with pytest.raises(AgentUnavailable):
            await opened(server)
    assert len(server.sessions) + len(server.refused) == 1


async def test_a_server_that_is_not_there_is_no_session():
    async with FakeRealtime(canned_conversation) as server:
        url = server.url
    with pytest.raises(AgentUnavailable, match="unreachable"):
        await backend(url).open_session(brief())


@pytest.mark.M3
async def test_we_come_with_a_key_and_a_name_and_never_as_beta():
    seen: list[dict[str, str]] = []

    async def refuse(request: web.Request) -> web.Response:
        seen.append({name.lower(): value for name, value in request.headers.items()})
        assert request.query == {"model": "gpt-realtime-2.1"}
        return web.Response(status=403)

    app = web.Application()
    app.router.add_get("/v1/realtime", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    with pytest.raises(AgentUnavailable):
        await backend(f"http://127.0.0.1:{runner.addresses[0][1]}/v1/realtime").open_session(
            brief()
        )
    await runner.cleanup()
    assert seen[0]["authorization"] == "Bearer a-key"
    assert seen[0]["user-agent"].startswith("Aloha/")
    assert not {"openai-beta", "sec-websocket-extensions"} & seen[0].keys()


@pytest.mark.M10
async def test_an_unknown_voice_is_replaced_with_a_notice(caplog):
    async with FakeRealtime(canned_conversation, manner=QUICK) as server:
        session = await opened(server, voice="robocop")
        await session.close()
        config = server.sessions[0].got("session.update")[0]["session"]
    assert config["audio"]["output"]["voice"] == "marin"
    assert "voice not offered, the first one speaks" in caplog.messages


# --- Losing and replacing ---

MIDWAY = [Phase.GREETING, Phase.LISTENING, Phase.THINKING, Phase.REPLYING]
LOSSES = [Kind.ABORTED, Kind.CLOSED, Kind.EXPIRED, Kind.GARBAGE, Kind.ERROR_EVENT]
ALL_LOSSES = [
    pytest.param(
        kind,
        phase,
        marks=[] if Kind.ABORTED is kind or Phase.LISTENING is phase else pytest.mark.check,
    )
    for kind in LOSSES
    for phase in MIDWAY
]


@pytest.mark.parametrize(("kind", "phase"), ALL_LOSSES)
async def test_a_lost_session_is_replaced_once_and_the_call_goes_on(kind, phase):
    fault = Fault(kind=kind, phase=phase, sessions=1)
    async with FakeRealtime(lambda: playbook(), manner=QUICK, fault=fault) as server:
        session = await opened(server)
        await say(session)
        async with asyncio.timeout(5):
            while len(server.sessions) < 2 or not server.sessions[1].sent("response.done"):
                await say(session, silence(200))
        await session.close()
        events = [event async for event in session.events()]
    assert len(server.sessions) == 2
    assert not any(isinstance(event, AgentFailed) for event in events)


@pytest.mark.parametrize("phase", [Phase.GREETING, Phase.THINKING])
async def test_a_session_lost_twice_ends_the_agents_part(phase):
    fault = Fault(kind=Kind.CLOSED, phase=phase)
    async with FakeRealtime(lambda: playbook(), manner=QUICK, fault=fault) as server:
        session = await opened(server)
        asking = asyncio.create_task(keep_talking(session))
        events = await until(session, AgentFailed)
        asking.cancel()
        await session.close()
    assert events[-1] == AgentFailed(code="closed_1011")
    assert len(server.sessions) == 2


async def keep_talking(session: RealtimeSession) -> None:
    while True:
        await say(session)
        await asyncio.sleep(0.2)


@pytest.mark.parametrize("phase", [Phase.GREETING, Phase.THINKING, Phase.REPLYING])
async def test_without_quota_no_second_session_is_opened(phase):
    async with FakeRealtime(
        lambda: playbook(), manner=QUICK, fault=Fault(kind=Kind.QUOTA, phase=phase)
    ) as server:
        session = await opened(server)
        asking = asyncio.create_task(keep_talking(session))
        events = await until(session, AgentFailed)
        asking.cancel()
        await session.close()
    assert events[-1] == AgentFailed(code="insufficient_quota")
    assert len(server.sessions) == 1


async def test_what_the_caller_says_meanwhile_reaches_the_second_session():
    fault = Fault(kind=Kind.ABORTED, phase=Phase.GREETING, sessions=1)
    async with FakeRealtime(lambda: playbook(), manner=QUICK, fault=fault) as server:
        session = await opened(server)
        await until(session, Utterance)
        speak(session, SENTENCE + silence(700))
        await until(session, CallerStopped)
        assert server.sessions[1].listening.audio_ms >= 1_000
        await session.close()


# --- Ending ---


@pytest.mark.parametrize("answers_close", [True, False])
async def test_closing_takes_less_than_a_second_whatever_the_server_does(answers_close):
    manner = Manner(latency_ms=20, transcription_ms=60_000, answers_close=answers_close)
    async with FakeRealtime(canned_conversation, manner=manner) as server:
        session = await opened(server)
        await say(session, SENTENCE)
        began = time.monotonic()
        await session.close()
        await session.close()
        assert time.monotonic() - began < 1.0
        events = [event async for event in session.events()]
        assert isinstance(events[-1], CallerStopped)
        assert [event async for event in session.events()] == []


async def test_what_the_caller_said_last_is_still_written_down():
    manner = Manner(latency_ms=20, transcription_ms=200)
    script = playbook(words=["Call me back."])
    async with FakeRealtime(lambda: script, manner=manner) as server:
        session = await opened(server)
        await until(session, UtteranceEnd)
        await say(session, SENTENCE)
        await session.close()
        events = [event async for event in session.events()]
    assert [event.text for event in events if isinstance(event, CallerStopped)] == ["Call me back."]


async def test_a_whole_call_ends_with_a_goodbye_a_note_and_a_price():
    async with FakeRealtime(canned_conversation, manner=QUICK) as server:
        session = await opened(server)
        events = await until(session, UtteranceEnd)
        await say(session)
        events += await until(session, UtteranceEnd)
        await say(session)
        events += await until(session, AgentDone)
        await session.close()
    said = [event.text for event in events if isinstance(event, UtteranceEnd)]
    assert said[0] == prompts.text_of("greeting_live")
    assert said[-1] == prompts.text_of("goodbye")
    report = session.report()
    assert report.reason == "A call with the stand-in."
    assert report.cost_usd is not None
    assert Decimal(0) < report.cost_usd < 1


async def test_a_call_in_which_nothing_happened_reports_nothing():
    async with FakeRealtime(canned_conversation) as server:
        session = await opened(server)
        await session.close()
    assert session.report() == AgentReport(
        usage={"model": "gpt-realtime-2.1", "transcription_model": "gpt-transcribe"},
        cost_usd=Decimal(0),
    )


async def test_steering_reaches_the_server():
    async with FakeRealtime(canned_conversation, manner=QUICK) as server:
        session = await opened(server)
        events = await until(session, Utterance, times=3)
        spoken = next(event for event in events if isinstance(event, Utterance))
        session.interrupted([Heard(utterance_id=spoken.utterance_id, heard_ms=50)])
        session.utterance_played(spoken.utterance_id)
        session.caller_silent(1)
        session.key_pressed("7")
        session.wrap_up()
        await until(session, AgentDone)
        await session.close()
        assert len(server.sessions[0].got("conversation.item.truncate")) == 1
        assert len(server.sessions[0].got("response.cancel")) == 1


async def test_audio_of_any_bytes_and_length_reaches_the_server():
    async with FakeRealtime(canned_conversation) as server:
        session = await opened(server)
        sent = [bytes(range(256))[:size] for size in range(1, 257, 5)]
        for audio in sent:
            session.send_audio(audio)
        async with asyncio.timeout(5):
            while len(server.sessions[0].got("input_audio_buffer.append")) < len(sent):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await session.close()
        frames = server.sessions[0].got("input_audio_buffer.append")
    came = [base64.b64decode(each["audio"], validate=True) for each in frames]
    assert [audio for audio in came if audio.strip(b"\xff")] == sent


async def test_audio_after_the_end_is_not_kept():
    async with FakeRealtime(canned_conversation) as server:
        session = await opened(server)
        await session.close()
        session.send_audio(FRAME)
    assert session._held_ms == 0


async def test_more_audio_than_the_server_takes_is_dropped_and_told(caplog):
    async with FakeRealtime(canned_conversation) as server:
        session = await opened(server)
        for _ in range(5_000):
            session.send_audio(FRAME)
        await session.close()
        assert len(server.sessions[0].got("input_audio_buffer.append")) <= 100
    assert "caller audio was lost" in caplog.messages
