"""The runbook's ten troubles: each is caused, shows the signs that the page names, and is mended.

A test's number is its trouble's. The fifth stops a whole PostgreSQL and stands in the journeys.
"""

import io
import os
import re
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
import time_machine
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from agent.fake_realtime.faults import Fault, Kind, Phase
from agent.fake_realtime.script import canned_conversation
from agent.fake_realtime.server import FakeRealtime
from aloha_site.agent_settings import agent_settings
from telephony import numbers
from telephony.audio_spool import spool_path
from telephony.models import Call, CallStatus
from telephony.number_sync import sync_numbers
from telephony.signatures import public_url, sign
from telephony.simulator.callers import load_script
from telephony.simulator.carrier import SimulatedCall
from tests.factories import make_number
from tests.peers.mail_server import mail_server
from tests.peers.media_line import MediaLine, stream_url
from tests.peers.twilio_rest import TwilioAccount, twilio_peer
from tests.site.runbook import SIGNS, Signs, headings
from tests.site.support import REASON, browser_of
from tests.telephony.carrier import incoming_form, post
from tests.voicemail.checks import NOW, came_back, forwarding_number, later
from tests.voicemail.messages import ended_call, leave_message
from voicemail import forwarding, processing
from voicemail.models import Message, Stage

INCOMING, AFTER_STREAM, STATUS, FALLBACK = (
    f"/api/twilio/voice/{step}" for step in ("incoming", "after-stream", "status", "fallback")
)
ELSEWHERE = Path(__file__).parents[1] / "journeys" / "test_runbook_database.py"
DISK_BYTES = 256 * 1024
UNSET = dict.fromkeys(
    ("base_url", "model", "transcription_model", "turn_detection", "noise_reduction"), ""
)


def test_the_page_names_the_troubles_that_are_caused_here():
    here = re.findall(r"^(?:async )?def test_(\d\d)_", Path(__file__).read_text(), re.MULTILINE)
    there = re.findall(r"^async def test_(\d\d)_", ELSEWHERE.read_text(), re.MULTILINE)
    assert sorted(map(int, here + there)) == list(SIGNS) == list(range(1, 11))
    assert {number: signs.anchor for number, signs in SIGNS.items()} == headings()


@pytest.fixture
def signs(request) -> Signs:
    return SIGNS[int(request.function.__name__.split("_")[1])]


@pytest.fixture
def desk(db) -> Client:
    return browser_of("Support lead")


@pytest.fixture
def twilio(settings) -> Iterator[TwilioAccount]:
    settings.PUBLIC_BASE_URL = "https://aloha.example.com"
    with twilio_peer() as account:
        settings.TELEPHONY = account.backend()
        yield account


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("needs the right to mount file systems")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("needs the right to mount file systems")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def front_page(desk: Client) -> str:
    return desk.get("/admin/").content.decode()


def call_page(desk: Client, call: Call) -> str:
    page = desk.get(f"/admin/telephony/call/{call.pk}/change/").content.decode()
    return page.replace("&#x27;", "'")


def doctor() -> str:
    out = io.StringIO()
    try:
        call_command("doctor", stdout=out)
    except CommandError as error:
        out.write(f"ERROR {error}")
    return out.getvalue()


def checked() -> str:
    err = io.StringIO()
    try:
        call_command("check", databases=["default"], stderr=err, stdout=err)
    except CommandError as error:
        err.write(str(error))
    return err.getvalue()


def test_01_callers_get_an_error_because_the_token_was_rotated(
    desk, owner, settings, caplog, signs
):
    form = incoming_form(make_number(owner).phone_number)
    settings.CARRIER_SIGNING_KEYS = ["the-new-token"]
    old = sign(public_url(INCOMING), form, key="the-old-token")
    assert post(INCOMING, form, signature=old).status_code == 403
    assert signs.in_log in caplog.text
    assert signs.elsewhere in front_page(desk)
    settings.CARRIER_SIGNING_KEYS.append("the-old-token")  # as TWILIO_AUTH_TOKEN_SECONDARY
    assert post(INCOMING, form, signature=old).status_code == 200


async def test_02_the_stream_comes_too_late_and_the_next_one_in_time(
    aloha_url, owner, caplog, signs
):
    number = await sync_to_async(make_number)(owner)

    def called(sid: str) -> Call:
        post(INCOMING, incoming_form(number.phone_number, CallSid=sid))
        return Call.objects.get(call_sid=sid)

    late = await sync_to_async(called)("SIMULATED_CALL_" + "1" * 32)
    await Call.objects.filter(pk=late.pk).aupdate(stream_token_expires_at=timezone.now())
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await MediaLine(stream_url(late)).__aenter__()
    assert signs.in_log in caplog.text

    def page_of_the_end() -> str:
        form = incoming_form(number.phone_number, CallSid=late.call_sid)
        assert b"<Record" in post(AFTER_STREAM, form | {"CallStatus": "in-progress"}).content
        post(STATUS, form | {"CallStatus": "completed", "CallDuration": "9"})
        return call_page(browser_of("Support lead"), late)

    page = await sync_to_async(page_of_the_end)()
    assert signs.elsewhere in page
    assert "Aloha could not answer" in page
    timely = await sync_to_async(called)("SIMULATED_CALL_" + "2" * 32)
    async with MediaLine(stream_url(timely)) as line:
        await line.start(timely.call_sid)


@pytest.mark.check
async def test_03_the_key_is_refused_and_support_takes_the_agent_off(
    aloha_url, owner, settings, caplog, signs
):
    number = await sync_to_async(make_number)(owner)

    async def dial() -> Call:
        caller = load_script("wrong_number").caller()
        call = SimulatedCall(
            base_url=aloha_url,
            caller=caller,
            to_number=number.phone_number,
            from_number="+15105550147",
        )
        return await Call.objects.aget(call_sid=(await call.run()).call_sid)

    refusal = Fault(kind=Kind.REFUSED, phase=Phase.UPGRADE, status=401)
    async with FakeRealtime(canned_conversation, fault=refusal) as server:
        settings.AGENT = agent_settings(api_key="a-key", realtime_url=server.url, **UNSET)
        call = await dial()
        assert signs.in_log in caplog.text

        def looked_up() -> None:
            desk = browser_of("Support lead")
            assert signs.elsewhere in call_page(desk, call)
            assert signs.elsewhere in front_page(desk)
            desk.post("/admin/classic/", {"reason": REASON, "hours": "1"})

        await sync_to_async(looked_up)()
        again = await dial()
    assert (call.stream_state, again.stream_state) == ("closed", "none")
    assert again.end_reason == "message_taken"


def test_04_a_message_does_not_appear_until_its_audio_can_be_stored(
    desk, owner, settings, tmp_path, caplog, signs
):
    call = ended_call(make_number(owner), 5, stream_state="closed")
    path = spool_path(call.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x20\xff" * 8_000)
    os.utime(path, (0, 0))
    folder, settings.MEDIA_ROOT = settings.MEDIA_ROOT, tmp_path / "file"
    settings.MEDIA_ROOT.write_text("no folder")
    processing.collect_messages()
    Message.objects.update(created_at=call.ended_at)
    processing.advance_messages()
    message = Message.objects.get()
    assert signs.in_log in caplog.text
    assert signs.elsewhere in front_page(desk)
    stuck = {each.name: each for each in desk.get("/admin/").context["stuck"]}[signs.elsewhere]
    assert (stuck.count, stuck.note) == (1, message.last_error)
    settings.MEDIA_ROOT = folder
    Message.objects.update(next_step_at=timezone.now())
    processing.advance_messages()
    message.refresh_from_db()
    assert message.stage == Stage.NOTIFIED


@pytest.mark.A5
def test_06_the_disk_fills_and_there_is_room_again(db, small_disk, settings, caplog, signs):
    settings.SPOOL_DIR = small_disk
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(DISK_BYTES))
    form = incoming_form("+14155550132")
    assert b"<Record" in post(FALLBACK, form).content
    assert signs.in_log in caplog.text
    assert re.search(rf"^{signs.elsewhere}\b", doctor(), re.MULTILINE)
    ballast.unlink()
    caplog.clear()
    post(FALLBACK, form)
    assert signs.in_log not in caplog.text

    assert "1 request(s) of the carrier" in doctor()


def test_07_a_purchase_is_unclear_until_twilio_was_asked(desk, owner, twilio, caplog, signs):
    twilio.faults["POST"] = "drop"
    number = numbers.purchase_number(user=owner, phone_number="+14155550123", country="US")
    twilio.faults.clear()
    assert signs.in_log in caplog.text
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        stuck = {each.name: each.count for each in desk.get("/admin/").context["stuck"]}
        assert stuck[signs.elsewhere] == 1
        sync_numbers(dry_run=False)
        number.refresh_from_db()
        assert number.status == "active"
        stuck = {each.name: each.count for each in desk.get("/admin/").context["stuck"]}
        assert stuck[signs.elsewhere] == 0


def test_08_calls_go_to_the_old_address_until_the_numbers_are_repointed(
    owner, twilio, settings, signs
):
    numbers.purchase_number(user=owner, phone_number="+14155550123", country="US")
    settings.PUBLIC_BASE_URL = "https://new.example.com"
    assert signs.elsewhere in checked()
    call_command("repointnumbers", stdout=io.StringIO())
    assert signs.elsewhere not in checked()
    [sold] = twilio.sold.values()
    assert sold["VoiceUrl"] == f"https://new.example.com{INCOMING}"


def test_09_mails_do_not_arrive(desk, owner, settings, caplog, signs):
    settings.EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
    assert signs.elsewhere in doctor()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with mail_server() as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        server.hang_up_at = "text"
        message = leave_message(make_number(owner), stage=Stage.SUMMARISED)
        processing.advance_messages()
        assert signs.in_log in caplog.text
        page = desk.get(f"/admin/voicemail/message/{message.pk}/change/").content.decode()
        assert "Unclear" in page
        server.hang_up_at = ""
        leave_message(message.call.number, stage=Stage.SUMMARISED)
        processing.advance_messages()
        assert server.recipients[-1] == owner.email
        assert len(server.mails) == 1
    assert signs.elsewhere not in doctor()


def test_10_a_forwarding_that_brings_nothing_is_tested_again(desk, owner, caplog, signs):
    number = forwarding_number(owner)
    with time_machine.travel(NOW, tick=False):
        forwarding.start_check(number=number, now=NOW)
        forwarding.settle_checks(now=later(120))
        assert signs.in_log in caplog.text
        assert signs.elsewhere in desk.get("/admin/voicemail/forwardingcheck/").content.decode()
        check = forwarding.start_check(number=number, now=later(130))
        Call.objects.filter(pk=check.probe_id).update(status=CallStatus.RINGING)
    with time_machine.travel(later(135), tick=False):
        came_back(check)
        forwarding.settle_checks(now=later(140))
    check.refresh_from_db()
    assert check.outcome == "proven"
