"""`manage.py seeddemo`: what the demo holds."""

import io
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.core.management import CommandError, call_command

from accounts.models import User
from agent.session import Role
from telephony.models import UserPhoneNumber
from tests.factories import make_number
from voicemail.models import Message

pytestmark = pytest.mark.django_db


def seed() -> str:
    output = io.StringIO()
    call_command("seeddemo", stdout=output)
    return output.getvalue()


def all_rows() -> dict[str, list[dict[str, Any]]]:
    rooms = [apps.get_app_config(name) for name in ("accounts", "agent", "telephony", "voicemail")]
    models = [EmailAddress, *(model for room in rooms for model in room.get_models())]
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in models}


@pytest.fixture
def demo_owner(settings, tmp_path) -> User:
    settings.DEBUG = True
    settings.MEDIA_ROOT = tmp_path
    seed()
    return User.objects.get(email="demo@aloha.localhost")


def test_a_second_run_changes_nothing(demo_owner):
    before = all_rows()
    seed()
    assert all_rows() == before


def test_the_owner_can_log_in_with_what_is_printed(demo_owner, client):
    line = next(line for line in seed().splitlines() if line.startswith("Owner:"))
    email, password = line.removeprefix("Owner:").strip().split(" / ")
    answer = client.post("/accounts/login/", {"login": email, "password": password})
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(demo_owner.pk)


def test_support_opens_the_admin(demo_owner, client):
    client.force_login(User.objects.get(email="support@aloha.localhost"))
    assert client.get("/admin/").status_code == 200


def test_the_number_takes_messages(demo_owner):
    number = UserPhoneNumber.objects.get(user=demo_owner)
    assert number.is_active
    assert number.is_simulated
    assert (number.voicemail_enabled, number.voicemail_mode) == (True, "voicemail_only")


def test_nobody_called_through_forwarding_which_is_not_set_up(demo_owner):
    number = UserPhoneNumber.objects.get(user=demo_owner)
    assert not number.forwarding_enabled
    assert set(number.calls.values_list("forwarded_from", "was_forwarded")) == {("", False)}


def test_a_number_that_somebody_else_has_is_left_to_her(settings, tmp_path, stranger):
    settings.DEBUG, settings.MEDIA_ROOT = True, tmp_path
    theirs = make_number(stranger, phone_number="+14155550132")
    seed()
    number = UserPhoneNumber.objects.get(user__email="demo@aloha.localhost")
    assert number.phone_number.startswith("+1415555")
    assert number.phone_number != theirs.phone_number
    assert set(number.calls.values_list("to_number", flat=True)) == {number.phone_number}


def test_both_messages_are_ready_and_tell_who_called(demo_owner):
    messages = Message.objects.for_user(demo_owner).order_by("created_at")
    assert [message.stage for message in messages] == ["notified", "notified"]
    assert ["Tom" in messages[0].summary, "Mrs Ito" in messages[1].summary] == [True, True]


def test_transcript_and_recording_tell_the_same_times(demo_owner):
    """Where the transcript says that one side speaks, its channel is loud and the other silent."""
    for message in Message.objects.for_user(demo_owner):
        recording = message.call.recording
        with recording.file.open() as file:
            stereo = file.read()[-2 * 8 * recording.duration_ms :]
        for line in message.call.transcript.all():
            sides = [stereo[side : len(stereo) : 2] for side in (0, 1)]
            heard = [set(side[8 * line.start_ms : 8 * line.end_ms]) != {0xFF} for side in sides]
            assert heard == [line.role == Role.CALLER, line.role == Role.AGENT]


def test_what_the_owner_has_changed_stays(demo_owner):
    UserPhoneNumber.objects.filter(user=demo_owner).update(status="released")
    Message.objects.filter(caller_name="Tom").update(summary="Dinner at eight")
    seed()
    assert UserPhoneNumber.objects.get(user=demo_owner).status == "released"
    assert Message.objects.get(caller_name="Tom").summary == "Dinner at eight"


def test_without_debug_nothing_is_made(settings, db):
    settings.DEBUG = False
    with pytest.raises(CommandError, match="DEBUG=1"):
        seed()
    assert not User.objects.exists()
