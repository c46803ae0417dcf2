"""Whatever happens to the agent, the caller converses or leaves a message for the owner."""

import asyncio
import platform
import time
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from agent.speech.wav import read_mulaw
from telephony.simulator.callers import WavCaller, load_script
from telephony.simulator.carrier import SimulatedCall
from tests.journeys.fault_matrix import (
    HEADER,
    Report,
    Scenario,
    dead_air_ms,
    first_audio_ms,
    prepare,
    sentences,
    where_message_is,
)
from tests.peers.faulty_agent import Fault, Phase
from voicemail.models import PREPARED_STAGES, Message

pytestmark = pytest.mark.M6

MESSAGE_SECONDS = 60
AT_ONCE = 8
BETWEEN_CALLS_S = 0.3
REPORT = Path(__file__).parents[2] / "docs" / "soak" / "M6-matrix.md"

ALL = [Scenario(fault=fault, phase=phase) for fault in Fault for phase in Phase]
SOME = [
    Scenario(fault=Fault.REFUSED, phase=Phase.OPENING),
    Scenario(fault=Fault.NEVER_READY, phase=Phase.OPENING),
    Scenario(fault=Fault.SLOW, phase=Phase.FIRST_WORD),
    Scenario(fault=Fault.CLOSED, phase=Phase.GREETING),
    Scenario(fault=Fault.SILENT, phase=Phase.GREETED),
    Scenario(fault=Fault.NO_CLOSE_ANSWER, phase=Phase.CALLER_SPEAKS),
    Scenario(fault=Fault.GARBAGE, phase=Phase.ANSWER),
]


@pytest.fixture(autouse=True)
def faulty_agent(settings):
    settings.AGENT = {"BACKEND": "tests.peers.faulty_agent.FaultyBackend", "OPTIONS": {}}
    settings.CALL_NOTICE = "An assistant speaks."


async def play(scenario: Scenario, *, index: int, url: str, speech: bytes) -> Report:
    """Place the call of somebody who says a message and answers a question, and wait for both."""
    number = await sync_to_async(prepare)(scenario, index)
    result = await SimulatedCall(
        base_url=url,
        caller=WavCaller([speech, load_script("wrong_number").turns[0].audio]),
        to_number=number.phone_number,
        from_number=f"+1510555{1_000 + index}",
    ).run()
    message = await message_of(result.call_sid)
    return Report(
        scenario=scenario,
        first_audio_ms=first_audio_ms(result),
        dead_air_ms=dead_air_ms(result),
        heard=sentences(result.heard),
        agent_outcome=message.call.agent_outcome,
        message_is=await sync_to_async(where_message_is)(message, result, speech),
    )


async def message_of(call_sid: str) -> Message:
    """The finished message of a call, once the worker has prepared it."""
    messages = Message.objects.select_related("call__recording")
    async with asyncio.timeout(MESSAGE_SECONDS):
        while True:
            message = await messages.filter(
                call__call_sid=call_sid, stage__in=PREPARED_STAGES
            ).afirst()
            if message is not None:
                return message
            await asyncio.sleep(0.1)


async def reports_of(scenarios: list[Scenario], *, url: str, speech: bytes) -> list[Report]:
    """Play all of them, a few at a time."""
    free = asyncio.Semaphore(AT_ONCE)

    async def one(index: int, scenario: Scenario) -> Report:
        async with free:
            await asyncio.sleep(index % AT_ONCE * BETWEEN_CALLS_S)
            return await play(scenario, index=index, url=url, speech=speech)

    return await asyncio.gather(*(one(*each) for each in enumerate(scenarios)))


def broken(reports: list[Report]) -> list[str]:
    return [f"{report.row()}: {', '.join(report.faults)}" for report in reports if report.faults]


@pytest.mark.check
async def test_no_fault_leaves_a_caller_in_silence_or_loses_her_message(
    aloha_url, worker, human_speech
):
    reports = await reports_of(SOME, url=aloha_url, speech=read_mulaw(human_speech))
    print("", HEADER, *(report.row() for report in reports), sep="\n")
    assert broken(reports) == []


@pytest.mark.soak
async def test_no_fault_in_any_phase_does(aloha_url, worker, human_speech):
    reports = await reports_of(ALL, url=aloha_url, speech=read_mulaw(human_speech))
    matrix = "\n".join([HEADER, *(report.row() for report in reports)])
    print("", matrix, sep="\n")
    kept = len(reports) - len(broken(reports))
    REPORT.write_text(
        "# What callers hear when the agent fails\n\n"
        f"`./dev soak M6` on {time.strftime('%Y-%m-%d')}, {connection.display_name},"
        f" Python {platform.python_version()}: {kept} of {len(reports)} calls kept every promise:"
        " something to hear within 2 s of the answer, no dead air over 4 s, and every word of the"
        " message with the owner.\n\n"
        f"{matrix}\n"
    )
    assert broken(reports) == []
