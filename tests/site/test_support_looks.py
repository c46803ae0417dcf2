"""A1: support finds what somebody tells it about, and reads content only with a kept reason."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEvent, User
from telephony.models import TranscriptLine
from tests.factories import make_call, make_number
from tests.site.support import REASON, browser_of
from tests.voicemail.messages import leave_message
from voicemail import erasing, exporting
from voicemail.models import Erasure, Message

WORDS = "The boiler leaks."
SPELLINGS = ["+1 415 555 0132", "(415) 555-0132", "415.555.0132", "001 415 555 0132"]

pytestmark = pytest.mark.A1


@pytest.fixture
def message(owner) -> Message:
    message = leave_message(make_number(owner, phone_number="+14155550132"))
    TranscriptLine.objects.create(
        call=message.call, position=0, role="caller", text=WORDS, start_ms=0, end_ms=900
    )
    return message


@pytest.fixture
def desk(db) -> Client:
    return browser_of("Support")


def look(desk: Client, message: Message, act: str = "read") -> str:
    """Give a reason; where the content then is."""
    answer = desk.post(f"/admin/telephony/call/{message.call_id}/{act}/", {"reason": REASON})
    return str(answer["Location"])


@pytest.mark.parametrize("typed", [*SPELLINGS, "nora", "owner@example.com"])
def test_the_search_finds_an_owner_by_any_spelling_of_her_number(desk, message, stranger, typed):
    page = desk.get("/admin/find/", {"q": typed}).content.decode()
    assert "owner@example.com" in page
    assert "stranger@example.com" not in page


@pytest.mark.parametrize("typed", ["+1 510 555 0147", "(510) 555-0147", "510-555-0147"])
def test_the_search_finds_a_call_by_any_spelling_of_the_callers_number(desk, message, typed):
    page = desk.get("/admin/find/", {"q": typed}).content.decode()
    assert f"/admin/telephony/call/{message.call_id}/change/" in page


def test_the_search_tells_times_by_the_clock_of_whoever_looks(desk, owner):
    User.objects.filter(email="support@example.com").update(time_zone="Asia/Tokyo")
    make_call(make_number(owner), started_at="2026-11-25T20:00:00Z")
    page = desk.get("/admin/find/", {"q": "+1 510 555 0147"}).content.decode()
    assert "2026-11-26 05:00" in page


def test_the_search_finds_a_message_by_its_id(desk, message):
    page = desk.get("/admin/find/", {"q": str(message.pk)}).content.decode()
    assert f"/admin/voicemail/message/{message.pk}/change/" in page


def test_an_owners_page_names_her_last_calls_end_reasons_and_the_age_of_her_proof(desk, owner):
    number = make_number(owner, forwarding_verified_at=timezone.now() - timedelta(days=3))
    make_call(number, status="completed", end_reason="message_after_failure")
    page = desk.get(f"/admin/accounts/user/{owner.pk}/change/").content.decode()
    assert "Aloha could not answer; the caller left a message after the tone" in page
    assert "3\xa0days ago" in page


def test_a_numbers_page_names_its_last_calls_and_the_last_comparison(desk, message):
    url = f"/admin/telephony/userphonenumber/{message.call.number_id}/change/"
    page = desk.get(url).content.decode()
    assert "+15105550147" in page
    assert "never proven" in page


def test_no_page_shows_what_was_said_before_a_reason_is_given(desk, message):
    call = f"/admin/telephony/call/{message.call_id}"
    for url in (f"{call}/change/", f"{call}/read/", "/admin/live/", "/admin/"):
        assert WORDS not in desk.get(url).content.decode()
    assert not AuditEvent.objects.exists()


def test_a_look_without_a_reason_shows_nothing(desk, message):
    answer = desk.post(f"/admin/telephony/call/{message.call_id}/read/", {"reason": ""})
    assert WORDS not in answer.content.decode()
    assert not AuditEvent.objects.exists()


def test_a_reason_opens_the_transcript_and_is_kept(desk, message):
    assert WORDS in desk.get(look(desk, message)).content.decode()
    event = AuditEvent.objects.get()
    assert (event.action, event.reason) == ("read the transcript", REASON)
    assert (event.owner, event.target_id) == (message.call.owner, str(message.call_id))
    assert (event.actor.email, event.ip) == ("support@example.com", "127.0.0.1")


def test_a_reason_opens_the_recording_and_is_kept(desk, message):
    url = look(desk, message, "listen")
    audio = desk.get(f"{url}audio")
    assert (audio.status_code, audio["Content-Type"]) == (200, "audio/wav")
    assert b"".join(audio.streaming_content).startswith(b"RIFF")
    assert AuditEvent.objects.get().action == "listened to the recording"


def test_a_reason_for_reading_does_not_let_one_listen(desk, message):
    assert desk.get(f"{look(desk, message)}audio").status_code == 404


def test_a_look_closes_after_a_quarter_of_an_hour(desk, message, time_machine):
    url = look(desk, message)
    time_machine.move_to(timezone.now() + timedelta(minutes=16))
    assert desk.get(url).status_code == 404


def test_a_colleague_gives_a_reason_of_his_own(desk, message):
    assert browser_of("Support lead").get(look(desk, message)).status_code == 404


@pytest.mark.parametrize("path", ["/aloha/calls/{}", "/accounts/profile/"])
def test_the_owner_sees_who_looked_and_why(client, desk, message, path):
    look(desk, message)
    client.force_login(message.call.owner)
    page = client.get(path.format(message.call_id)).content.decode()
    assert "Aloha support read the transcript" in page
    assert REASON in page


def test_nobody_else_sees_it(client, desk, message, stranger):
    look(desk, message)
    client.force_login(stranger)
    assert REASON not in client.get("/accounts/profile/").content.decode()


@pytest.mark.V6
def test_her_export_holds_what_support_did(desk, message):
    look(desk, message)
    archive = zipfile.ZipFile(io.BytesIO(b"".join(exporting.export(message.call.owner))))
    (act,) = json.loads(archive.read("aloha.json"))["supportActs"]
    assert (act["action"], act["reason"]) == ("read the transcript", REASON)


@pytest.mark.V6
@pytest.mark.django_db(transaction=True)
def test_what_is_left_of_a_look_after_erasure_names_no_owner(desk, message):
    look(desk, message)
    erasing.close_account(owner=message.call.owner)
    erasing.keep_house()
    assert Erasure.objects.get().done_at
    kept = " ".join(map(str, AuditEvent.objects.values_list().get()))
    for trace in ("Nora", "owner@example.com", "5550132", "5550147", WORDS):
        assert trace not in kept
