"""What the caller says before the agent can hear."""

import uuid

import pytest

from telephony.caller_line import CallerLine
from telephony.doing import HELD_FRAMES, Doer
from telephony.journal import CallJournal
from telephony.models import Call
from telephony.recorder import CallRecorder
from telephony.stream_facts import StreamFacts
from tests.peers.puppet_agent import PuppetSession

pytestmark = pytest.mark.M2

FRAME = bytes(160)  # 20 ms


@pytest.mark.parametrize(("frames", "unheard_ms"), [(0, 0), (HELD_FRAMES, 0), (150, 1_000)])
async def test_an_agent_that_comes_late_hears_the_last_two_seconds(frames, unheard_ms):
    async def nobody(*_: object) -> None: ...

    call, facts = Call(id=uuid.uuid4()), StreamFacts()
    doer = Doer(
        CallerLine(nobody, nobody, None),
        CallRecorder(call.id),
        CallJournal(call),
        facts,
        ms_open=lambda: 0,
        end=lambda outcome: None,
    )
    for _ in range(frames):
        doer.tell_agent_audio(FRAME)
    agent = PuppetSession()
    assert doer.agent_opened(agent) == unheard_ms
    assert len(agent.heard) == min(frames, HELD_FRAMES)
    assert facts.caller_frames_lost == unheard_ms // 20
