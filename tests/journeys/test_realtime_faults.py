"""Every fault of the Realtime server at every point of a call: nobody is lost or left waiting."""

import asyncio
import re
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
from asgiref.sync import sync_to_async

from agent.fake_realtime.faults import Fault, Kind, Phase
from agent.fake_realtime.manner import Manner
from agent.fake_realtime.script import Call as ToolCall
from agent.fake_realtime.script import Playbook, prompt
from agent.fake_realtime.server import FakeRealtime
from agent.profiles import change_profile
from telephony.models import Call, UserPhoneNumber
from telephony.simulator.callers import WavCaller
from telephony.simulator.carrier import SimulatedCall
from telephony.simulator.result import CallResult
from tests.agent.test_endpointer import voice
from tests.factories import make_number, make_user
from tests.journeys.fault_matrix import where_message_is
from tests.journeys.test_agent_failures import message_of
from tests.peers.realtime_by_name import RealtimeByNameBackend

AT_ONCE = 8
MESSAGE = voice(1_200)
ANSWER = MESSAGE[::-1]
ANYWHERE = [
    Kind.NEVER_READY,
    Kind.SLOW,
    Kind.ERROR_EVENT,
    Kind.QUOTA,
    Kind.CLOSED,
    Kind.ABORTED,
    Kind.EXPIRED,
    Kind.GARBAGE,
]
POINTS = [phase for phase in Phase if phase is not Phase.UPGRADE]
FAULTS = [
    *(Fault(kind=Kind.REFUSED, phase=Phase.UPGRADE, status=each) for each in (401, 429, 500)),
    Fault(kind=Kind.WRONG_FORMAT),
    *(Fault(kind=kind, phase=phase) for kind in ANYWHERE for phase in POINTS),
    *(Fault(kind=Kind.ABORTED, phase=phase, sessions=1) for phase in POINTS),
]


@dataclass(frozen=True)
class Scenario:
    """One call with one fault."""

    name: str
    fault: Fault
    number: UserPhoneNumber


def short_call() -> Playbook:
    return Playbook(
        [
            [prompt("anything_else")],
            [prompt("goodbye"), ToolCall(name="end_call")],
        ],
        purposes={
            "greeting": [prompt("leave_message")],
            "farewell": [prompt("goodbye")],
            "resume": [prompt("anything_else")],
            "ask": [prompt("still_there")],
        },
    )


def make_scenario(position: int, fault: Fault) -> Scenario:
    owner = make_user(f"owner-{position}@example.com", name="Nora Whitfield")
    status = fault.status if fault.kind is Kind.REFUSED else ""
    once = "once" if fault.sessions == 1 else ""
    name = " ".join(f"{fault.kind} {fault.phase} {status} {once}".split())
    change_profile(user=owner, agent_name=name)
    number = make_number(owner, phone_number=f"+1415555{1000 + position}")
    return Scenario(name, fault, number)


def longest_wait_ms(result: CallResult) -> int:
    """The longest silence that the caller heard until she began her last sentence.

    After it a recorder is right to be silent; so is an agent while she speaks.
    """
    spoken = [*re.finditer(re.escape(MESSAGE) + b"|" + re.escape(ANSWER), result.said)]
    heard = bytearray(result.heard[: spoken[-1].start()] if spoken else result.heard)
    for sentence in spoken[:-1]:
        heard[sentence.start() : sentence.end()] = bytes(len(MESSAGE))
    return max(map(len, re.findall(rb"\xff+", bytes(heard))), default=0) // 8


@pytest.mark.M6
@pytest.mark.soak
async def test_whatever_breaks_the_caller_converses_or_leaves_a_message(
    aloha_url, transactional_db, worker, settings, capsys
):
    settings.AGENT = {"BACKEND": f"{RealtimeByNameBackend.__module__}.RealtimeByNameBackend"}
    settings.AGENT["OPTIONS"] = {}
    settings.AGENT_CALLS_AT_ONCE = 1_000
    scenarios = [
        await sync_to_async(make_scenario)(position, fault) for position, fault in enumerate(FAULTS)
    ]
    gate = asyncio.Semaphore(AT_ONCE)

    async def run(position: int, scenario: Scenario, url: str) -> tuple[Scenario, CallResult]:
        RealtimeByNameBackend.urls[scenario.name] = url
        await asyncio.sleep(min(position, AT_ONCE))  # the first ones come one after the other
        async with gate:
            simulated = SimulatedCall(
                base_url=aloha_url,
                caller=WavCaller([MESSAGE, ANSWER]),
                to_number=scenario.number.phone_number,
                from_number="+15105550147",
            )
            return scenario, await simulated.run()

    async with AsyncExitStack() as stack:
        manner = Manner(latency_ms=400)
        servers = [
            await stack.enter_async_context(
                FakeRealtime(short_call, manner=manner, fault=scenario.fault)
            )
            for scenario in scenarios
        ]
        calls = enumerate(zip(scenarios, servers, strict=True))
        results = await asyncio.gather(
            *(run(position, scenario, server.url) for position, (scenario, server) in calls)
        )

    lost = []
    with capsys.disabled():
        for scenario, result in results:
            waited_ms = longest_wait_ms(result)
            call = await Call.objects.aget(call_sid=result.call_sid)
            message = await message_of(result.call_sid)
            message_is = await sync_to_async(where_message_is)(message, result, MESSAGE)
            print(
                f"{scenario.name:32} {result.answered_by:8} {call.agent_outcome:10} "
                f"first {result.first_audio_ms:5} ms  longest wait {waited_ms:5} ms  "
                f"{message_is or 'LOST'}"
            )
            is_heard = result.first_audio_ms < 2_000 and waited_ms <= 4_000
            if not (is_heard and message_is):
                lost.append(scenario.name)
    assert lost == []
