"""The Live agent on a socket: how it opens, breaks, goes on and ends, in real time."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from agent.backends.live_session import LiveSession
from agent.backends.openai_live import OpenAILiveBackend
from agent.errors import AgentUnavailable
from agent.fake_live.manner import LiveManner
from agent.fake_live.server import FakeLive
from agent.fake_realtime.faults import Fault, Kind, Phase
from agent.fake_realtime.frames import Abort
from agent.fake_realtime.script import Playbook
from agent.session import (
    AgentDone,
    AgentEvent,
    AgentFailed,
    CallerStopped,
    Utterance,
    UtteranceEnd,
)
from agent.speech import prompts
from aloha_site.agent_settings import LIVE_PRICES
from tests.agent.realtime_call import GREETING, SENTENCE, Call, brief, playbook, silence, tone

QUICK = LiveManner(latency_ms=20, caller_words_late_ms=20)
SPEED = 10
NOTE = '{"reason": "The boiler leaks.", "caller_name": "Ann", "urgency": "high"}'


def short_call() -> Playbook:
    return playbook(
        [Call(name="take_message", arguments=NOTE)],
        [Call(name="end_call")],
        words=["My boiler leaks.", "That is all."],
        greeting=[tone("I am an AI.")],
        go_on=[tone("Noted.")],
        resume=[tone("Sorry.")],
        farewell=[tone("Goodbye.")],
    )


def backend(url: str, **options: object) -> OpenAILiveBackend:
    return OpenAILiveBackend(api_key="a-key", url=url, prices=LIVE_PRICES, **options)  # type: ignore[arg-type]


class Line:
    """A telephone line whose time runs ten times as fast: silence, unless somebody speaks."""

    def __init__(self, session: LiveSession) -> None:
        self.session = session
        self.events: list[AgentEvent] = []
        self._has_news = asyncio.Event()
        self._saying = b""

    async def run(self) -> None:
        frames = 0
        began = time.monotonic()
        while True:
            while frames * 20 < (time.monotonic() - began) * 1_000 * SPEED:
                frame, self._saying = self._saying[:160], self._saying[160:]
                self.session.send_audio(frame.ljust(160, b"\xff"))
                frames += 1
            await asyncio.sleep(0.01)

    async def listen(self) -> None:
        async for event in self.session.events():
            self.events.append(event)
            self._has_news.set()

    def speak(self, audio: bytes = SENTENCE) -> None:
        self._saying += audio

    async def until(self, kind: type[AgentEvent], *, times: int = 1) -> None:
        async with asyncio.timeout(8):
            while sum(isinstance(each, kind) for each in self.events) < times:
                self._has_news.clear()
                await self._has_news.wait()

    @property
    def said(self) -> list[str]:
        return [each.text for each in self.events if isinstance(each, UtteranceEnd)]


@asynccontextmanager
async def called(server: FakeLive) -> AsyncIterator[Line]:
    session = await backend(server.url).open_session(brief())
    assert isinstance(session, LiveSession)
    line = Line(session)
    tasks = [asyncio.create_task(each) for each in (line.run(), line.listen())]
    try:
        yield line
    finally:
        tasks[0].cancel()
        await session.close()
        await asyncio.wait_for(tasks[1], timeout=1)
        await asyncio.gather(tasks[0], return_exceptions=True)


# --- Opening ---


async def test_the_greeting_is_heard_whole():
    async with FakeLive(playbook, manner=QUICK) as server, called(server) as line:
        await line.until(UtteranceEnd)
        sound = b"".join(each.audio for each in line.events if isinstance(each, Utterance))
    assert line.said == [prompts.text_of("greeting_live")]
    assert GREETING.audio in sound
    start = server.sessions[0].got("session.start")[0]["session"]
    assert start["audio"] == {
        "format": {"type": "audio/pcmu", "rate": 8_000},
        "output": {"voice": "marin"},
    }


async def test_a_line_that_brings_nothing_hears_the_greeting_too():
    async with FakeLive(short_call, manner=QUICK) as server:
        session = await backend(server.url).open_session(brief())
        async with asyncio.timeout(5):
            async for event in session.events():
                if isinstance(event, UtteranceEnd):
                    break
        await session.close()
    assert isinstance(event, UtteranceEnd)
    assert event.text == "I am an AI."


async def test_after_standing_still_a_process_makes_up_for_a_second_and_no_more():
    async with FakeLive(short_call, manner=QUICK) as server:
        session = await backend(server.url).open_session(brief())
        time.sleep(3)  # noqa: ASYNC251  # everything stands still
        began, before_ms = time.monotonic(), server.sessions[0].audio_ms
        await asyncio.sleep(1.1)
        sent_ms = server.sessions[0].audio_ms - before_ms
        passed_ms = (time.monotonic() - began) * 1_000
        await session.close()
    assert 1_000 <= sent_ms <= passed_ms + 1_300


async def test_what_the_line_kept_while_a_process_stood_still_counts_as_that_time():
    """Else its audio would be ahead of the time, and later nothing stand in for a silent line."""
    frame = bytes([0x10]) * 160
    async with FakeLive(short_call, manner=QUICK) as server:
        session = await backend(server.url).open_session(brief())
        time.sleep(3)  # noqa: ASYNC251  # everything stands still
        await asyncio.sleep(0.1)
        for _ in range(100):
            session.send_audio(frame)
        await asyncio.sleep(0.3)
        before_ms = server.sessions[0].audio_ms
        await asyncio.sleep(1.5)
        sent_ms = server.sessions[0].audio_ms - before_ms
        await session.close()
    assert sent_ms >= 900


async def test_a_burst_long_after_a_process_stood_still_is_caught_up_with():
    """Else the session would stay behind the call by as much as the process had stood still."""
    frame = silence(20)
    async with FakeLive(short_call, manner=QUICK) as server:
        session = await backend(server.url).open_session(brief())
        time.sleep(2.5)  # noqa: ASYNC251  # everything stands still
        await asyncio.sleep(0.3)
        for _ in range(125):  # 2.5 s at the pace of time
            session.send_audio(frame)
            await asyncio.sleep(0.02)
        before = len(server.sessions[0].got("session.input_audio.append"))
        await asyncio.sleep(1)  # the line brings nothing, then all of it
        for _ in range(50):
            session.send_audio(frame)
        await asyncio.sleep(0.1)
        sent = server.sessions[0].got("session.input_audio.append")[before:]
        await session.close()
    sent_ms = sum(len(base64.b64decode(each["audio"])) for each in sent) // 8
    assert sent_ms <= 1_400  # of 2 s


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault(kind=Kind.REFUSED, phase=Phase.UPGRADE, status=401), "http_401"),
        (Fault(kind=Kind.REFUSED, phase=Phase.UPGRADE, status=429), "http_429"),
        (Fault(kind=Kind.ERROR_EVENT, code="insufficient_quota"), "insufficient_quota"),
        (Fault(kind=Kind.CLOSED), "closed_1011"),
        (Fault(kind=Kind.ABORTED), "closed_1006"),
        (Fault(kind=Kind.WRONG_FORMAT), "audio_format"),
    ],
)
async def test_a_session_that_cannot_be_opened_is_no_session(fault, code):
    async with FakeLive(playbook, manner=QUICK, fault=fault) as server:
        with pytest.raises(AgentUnavailable, match=code):
            await backend(server.url).open_session(brief())
    retried = code in {"http_429", "closed_1011", "closed_1006"}
    assert len(server.sessions) + len(server.refused) == 1 + retried


async def test_connected_means_that_the_session_has_started():
    async with FakeLive(playbook, fault=Fault(kind=Kind.NEVER_READY)) as server:
        began = time.monotonic()
        with pytest.raises(AgentUnavailable, match="in time"):
            await backend(server.url, opening_seconds=0.3).open_session(brief())
        assert time.monotonic() - began < 1
        assert [each["type"] for each in server.sessions[0].commands] == ["session.start"]


async def test_a_model_that_is_not_one_of_the_api_is_no_session():
    async with FakeLive(playbook) as server:
        with pytest.raises(AgentUnavailable, match="model_not_found"):
            await backend(server.url, model="gpt-realtime-2.1").open_session(brief())
        with pytest.raises(AgentUnavailable, match="http_400"):
            await backend(f"{server.url}?model=x").open_session(brief())


async def test_a_server_that_is_not_there_is_no_session():
    async with FakeLive(playbook) as server:
        url = server.url
    with pytest.raises(AgentUnavailable, match="unreachable"):
        await backend(url).open_session(brief())


# --- A call ---


async def test_a_whole_call_ends_with_a_note_a_goodbye_and_a_price():
    async with FakeLive(short_call, manner=QUICK) as server, called(server) as line:
        await line.until(UtteranceEnd)
        line.speak()
        await line.until(UtteranceEnd, times=2)
        line.speak()
        await line.until(AgentDone)
    assert line.said == ["I am an AI.", "Noted.", "Goodbye."]
    heard = [each.text for each in line.events if isinstance(each, CallerStopped)]
    assert heard == ["My boiler leaks.", "That is all."]
    report = line.session.report()
    assert (report.reason, report.caller_name, report.urgency) == (
        "The boiler leaks.",
        "Ann",
        "high",
    )
    [closed] = server.sessions[0].sent("session.closed")
    assert report.usage["live_ms"] == closed["usage"]["seconds"] * 1_000
    assert report.usage["tasks"] == 3
    assert report.cost_usd is not None
    assert Decimal("0.005") < report.cost_usd < Decimal("0.05")
    assert server.sessions[0].sent("error") == []
    assert not any(isinstance(each, AgentFailed) for each in line.events)


@pytest.mark.parametrize("answers_close", [True, False])
async def test_closing_takes_less_than_a_second_whatever_the_server_does(answers_close):
    manner = LiveManner(latency_ms=20, answers_close=answers_close)
    async with FakeLive(short_call, manner=manner) as server:
        async with called(server) as line:
            await line.until(UtteranceEnd)
            line.speak(SENTENCE * 4)
            await asyncio.sleep(0.3)
            began = time.monotonic()
            await line.session.close()
            await line.session.close()
            assert time.monotonic() - began < 1
        assert isinstance(line.events[-1], CallerStopped)
    cost = line.session.report().cost_usd
    assert (cost is not None) == answers_close  # a session of 10 s has told nothing before


async def test_what_cannot_be_read_is_counted_and_ends_nothing(caplog):
    fault = Fault(kind=Kind.GARBAGE, phase=Phase.GREETING)
    async with FakeLive(short_call, manner=QUICK, fault=fault) as server, called(server) as line:
        await line.until(UtteranceEnd)
    assert line.said == ["I am an AI."]
    assert "agent server sent what cannot be read" in caplog.messages


async def test_audio_of_any_bytes_and_length_reaches_the_server():
    async with FakeLive(short_call) as server:
        session = await backend(server.url).open_session(brief())
        sent = [bytes(range(256))[:size] for size in range(1, 257, 5)]
        for audio in sent:
            session.send_audio(audio)
        async with asyncio.timeout(5):
            while len(server.sessions[0].got("session.input_audio.append")) < len(sent):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        await session.close()
        frames = server.sessions[0].got("session.input_audio.append")
    came = [base64.b64decode(each["audio"], validate=True) for each in frames]
    assert [audio for audio in came if audio.strip(b"\xff")] == sent


async def test_audio_after_the_end_is_not_kept():
    async with FakeLive(short_call) as server:
        session = await backend(server.url).open_session(brief())
        await session.close()
        session.send_audio(SENTENCE[:160])
    assert session._held_ms == 0


# --- Losing and replacing ---


LOSSES = [
    pytest.param(kind, phase, marks=[] if kind is Kind.ABORTED else pytest.mark.check)
    for kind in (Kind.ABORTED, Kind.CLOSED, Kind.EXPIRED)
    for phase in (Phase.GREETING, Phase.LISTENING, Phase.REPLYING)
]


@pytest.mark.parametrize(("kind", "phase"), LOSSES)
async def test_a_lost_session_is_replaced_once_and_the_call_goes_on(kind, phase):
    fault = Fault(kind=kind, phase=phase, sessions=1)
    async with FakeLive(short_call, manner=QUICK, fault=fault) as server, called(server) as line:
        while len(server.sessions) < 2:
            line.speak(SENTENCE + silence(3_000))
            await asyncio.sleep(0.45)
        before = len(line.said)
        line.speak()
        await line.until(UtteranceEnd, times=before + 1)
    assert len(server.sessions) == 2
    assert not any(isinstance(each, AgentFailed) for each in line.events)


async def test_a_session_lost_twice_ends_the_agents_part():
    fault = Fault(kind=Kind.CLOSED, phase=Phase.GREETING)
    async with FakeLive(short_call, manner=QUICK, fault=fault) as server, called(server) as line:
        await line.until(AgentFailed)
    assert line.events[-1] == AgentFailed(code="closed_1011")
    assert len(server.sessions) == 2


async def test_without_quota_no_second_session_is_opened():
    fault = Fault(kind=Kind.QUOTA, phase=Phase.GREETING)
    async with FakeLive(short_call, manner=QUICK, fault=fault) as server, called(server) as line:
        await line.until(AgentFailed)
    assert line.events[-1] == AgentFailed(code="insufficient_quota")
    assert len(server.sessions) == 1


async def test_a_session_lost_after_the_goodbye_is_not_replaced():
    async with FakeLive(short_call, manner=QUICK) as server, called(server) as line:
        await line.until(UtteranceEnd)
        line.session.wrap_up()
        await line.until(AgentDone)
        server.sessions[0].wire.break_off(Abort())
        await line.until(AgentFailed)
    assert len(server.sessions) == 1


async def test_a_server_that_falls_silent_is_replaced():
    fault = Fault(kind=Kind.NEVER_READY, phase=Phase.LISTENING, sessions=1)
    async with FakeLive(short_call, manner=QUICK, fault=fault) as server, called(server) as line:
        await line.until(UtteranceEnd)
        await asyncio.sleep(0.3)
        line.speak()
        await line.until(UtteranceEnd, times=2)
    assert len(server.sessions) == 2
    assert not any(isinstance(each, AgentFailed) for each in line.events)
