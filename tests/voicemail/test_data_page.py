"""The owner's data: what she takes along, and the page where she does."""

import io
import json
import zipfile
from pathlib import Path

import pytest
from django.db import connection
from django.urls import reverse

from accounts.models import User
from agent.session import Role
from telephony import phone_numbers
from telephony.models import TranscriptLine
from tests.factories import PASSWORD, make_number
from tests.voicemail.messages import leave_message
from voicemail.exporting import export
from voicemail.forwarding_models import OwnPhone
from voicemail.models import Contact, Erasure, KeepingPreference
from voicemail.retention import keeping_of

pytestmark = pytest.mark.V6
DATA = "/accounts/data/"


@pytest.fixture
def as_owner(client, owner):
    client.force_login(owner)
    return client


@pytest.fixture
def message(owner):
    message = leave_message(make_number(owner), reason="<b>Boiler</b> leaks.", summary="At once.")
    TranscriptLine.objects.create(
        call=message.call, position=0, role=Role.CALLER, text="My boiler leaks.",
        start_ms=0, end_ms=9, source="recognised",
    )  # fmt: skip
    return message


def exported(client) -> zipfile.ZipFile:
    answer = client.post(reverse("export_data"))
    assert answer["Content-Type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(answer.getvalue()))


def test_the_export_holds_words_audio_and_a_page(as_owner, owner, message):
    Contact.objects.create(owner=owner, phone_number="+15105550147", name="Mrs Ito")
    with exported(as_owner) as archive:
        assert archive.testzip() is None
        data = json.loads(archive.read("aloha.json"))
        (call,) = data["calls"]
        with message.call.recording.file.open() as stored:
            assert archive.read(call["audio"]) == stored.read()
        assert call["message"]["summary"] == "At once."
        assert call["transcript"][0]["text"] == "My boiler leaks."
        assert data["contacts"] == [{"phoneNumber": "+15105550147", "name": "Mrs Ito"}]
        assert data["account"]["email"] == owner.email
        number = phone_numbers.international(message.call.number.phone_number)
        page = archive.read("index.html").decode()
        assert "(510) 555-0147 called you" in page
        assert f"{number}, in service" in page
        assert "<b>Caller:</b> My boiler leaks." in page
        assert "&lt;b&gt;Boiler&lt;/b&gt; leaks." in page
        assert call["audio"] in page


@pytest.mark.parametrize("fault", ["lost", "unreadable"])
def test_a_recording_that_cannot_be_read_is_named_and_the_others_are_there(
    as_owner, owner, message, fault
):
    whole = leave_message(message.call.number, minutes_ago=60)
    file = Path(message.call.recording.file.path)
    file.unlink()
    if fault == "unreadable":
        file.mkdir()
    with exported(as_owner) as archive:
        assert archive.testzip() is None
        assert f"audio/{whole.call_id}.wav" in archive.namelist()
        assert f"audio/{message.call_id}.wav" not in archive.namelist()
        missing = archive.read("missing-audio.txt").decode()
    assert missing.splitlines()[-1] == f"audio/{message.call_id}.wav"
    if fault == "unreadable":
        file.rmdir()


def test_the_export_holds_nothing_of_others(client, stranger, message):
    client.force_login(stranger)
    with exported(client) as archive:
        assert json.loads(archive.read("aloha.json"))["calls"] == []
        assert b"Boiler" not in archive.read("index.html")
        assert sorted(archive.namelist()) == ["aloha.json", "index.html"]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_locked_while_the_owner_downloads(owner, message):
    locked = [connection.in_atomic_block for _ in export(owner)]
    assert len(locked) > 3
    assert not any(locked)


def test_an_export_without_calls_is_valid_json(as_owner):
    with exported(as_owner) as archive:
        assert json.loads(archive.read("aloha.json"))["numbers"] == []


def test_the_owner_chooses_how_long_data_is_kept(as_owner, owner):
    assert keeping_of(owner) == (90, 365)
    as_owner.post(reverse("save_keeping"), {"audio_days": 30, "text_days": 60})
    assert keeping_of(owner) == (30, 60)


def test_no_days_at_all_are_refused(as_owner):
    answer = as_owner.post(reverse("save_keeping"), {"audio_days": 0, "text_days": 60})
    assert "greater than or equal to 1" in answer.content.decode()
    assert not KeepingPreference.objects.exists()


def test_a_caller_is_forgotten_by_the_number_as_the_owner_writes_it(as_owner, message):
    as_owner.post(reverse("forget_caller"), {"phone_number": "(510) 555-0147"})
    assert Erasure.objects.get().phone_number == "+15105550147"
    assert "Forgetting (510) 555-0147" in as_owner.get(DATA).content.decode()


def test_before_closing_the_page_says_how_this_phone_stops_forwarding(as_owner, owner):
    make_number(
        owner,
        voicemail_enabled=True,
        voicemail_mode="voicemail_only",
        external_phone_number="+15105550100",
        forwarding_enabled=True,
    )
    OwnPhone.objects.create(user=owner, carrier="us-verizon")
    page = as_owner.get(DATA).content.decode()
    assert "until you dial *73 on it. Aloha cannot do that for you." in page


def test_the_account_is_closed_with_the_password_alone(as_owner, owner):
    answer = as_owner.post(reverse("close_account"), {"password": "guess"})
    assert "This is not your password." in answer.content.decode()
    assert User.objects.get(pk=owner.pk).is_active


def test_a_closed_account_is_logged_out(as_owner, owner):
    answer = as_owner.post(reverse("close_account"), {"password": PASSWORD}, follow=True)
    assert "Your account is closed." in answer.content.decode()
    assert not User.objects.get(pk=owner.pk).is_active
    assert as_owner.get(DATA).status_code == 302
