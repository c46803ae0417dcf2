"""Whatever happens to the agent, the caller converses or leaves a message for the owner."""

import asyncio
from pathlib import Path

import pytest

from agent.speech.wav import read_mulaw
from tests.journeys.fault_matrix import HEADER, Report, Scenario, play
from tests.peers.faulty_agent import Fault, Phase

pytestmark = pytest.mark.M6

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
        f"{kept} of {len(reports)} calls kept every promise: something to hear within 2 s of the"
        " answer, no dead air over 4 s, and every word of the message with the owner."
        " `./dev soak M6` writes this page.\n\n"
        f"{matrix}\n"
    )
    assert broken(reports) == []
