"""A whole call, Aloha's own worker process and a mail server: how long the owner waits."""

import asyncio
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import timezone

from telephony.models import Call
from telephony.simulator.callers import load_script
from telephony.simulator.carrier import SimulatedCall
from tests.factories import make_number
from tests.peers.mail_server import mail_server
from tests.peers.processes import Process, started
from voicemail.models import MailState, Message, Stage

WITHIN_S, GIVE_UP_S = 10, 40


@pytest.mark.check
@pytest.mark.V4
@pytest.mark.measured
async def test_the_owner_has_the_mail_within_ten_seconds_of_the_calls_end(
    number, owner, aloha_url, tmp_path: Path, monkeypatch
):
    kept_at: list[datetime] = []
    with mail_server() as mails:
        mails.at = lambda moment: moment == "kept" and kept_at.append(timezone.now())
        monkeypatch.setenv("EMAIL_URL", mails.url)
        worker = Process(tmp_path, "worker", "work", url=aloha_url)
        with started(worker):
            worker.wait_for("worker started")
            call = await one_call(aloha_url, number.phone_number)
            message = await told_of(call, worker)
    waited = (kept_at[0] - call.ended_at).total_seconds()
    print(f"told {waited:.1f} s after the call's end")
    assert 0 < waited <= WITHIN_S
    assert (mails.recipients, message.mail_state) == ([owner.email], MailState.SENT)
    assert len(mails.mails) == 1
    assert message.call.recording.duration_ms > 0


@pytest.fixture
def number(owner):
    return make_number(owner, voicemail_enabled=True, voicemail_mode="voicemail_only")


async def one_call(url: str, to_number: str) -> Call:
    """Somebody leaves a message and hangs up; the call as the database has it then."""
    script = load_script("customer")
    result = await SimulatedCall(
        base_url=url,
        caller=script.caller(),
        to_number=to_number,
        from_number=script.from_number,
    ).run()
    assert result.answered_by == "agent"
    return await Call.objects.aget(call_sid=result.call_sid)


async def told_of(call: Call, worker: Process) -> Message:
    """The call's message once its owner knows of it; the worker may take long, to be measured."""
    async with asyncio.timeout(GIVE_UP_S):
        while True:
            assert worker.popen.poll() is None, worker.log.read_text()
            messages = Message.objects.select_related("call__recording").filter(call=call)
            message = await messages.filter(stage=Stage.NOTIFIED).afirst()
            if message is not None:
                return message
            await asyncio.sleep(0.1)
