"""Whoever closes an account pays for no number afterwards, whatever was under way."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.row_security import service_scope
from agent.speech.wav import mulaw_header
from telephony import call_events, calls, numbers
from telephony import erasing as telephony_erasing
from telephony.errors import AccountClosed
from telephony.models import LIVE_STATUSES, Call, CarrierRecording, UserPhoneNumber
from tests.factories import make_call, make_number
from tests.peers.mail_server import mail_server
from tests.peers.twilio_rest import twilio_peer
from tests.voicemail.messages import ended_call, leave_message
from voicemail import erasing
from voicemail.models import Erasure, Message

pytestmark = [pytest.mark.D4, pytest.mark.django_db(transaction=True)]
WANTED = {"phone_number": "+14155550123", "country": "US"}


@pytest.mark.parametrize("is_erased", [False, True])
def test_a_purchase_that_was_under_way_buys_nothing_once_the_account_is_closed(
    owner, settings, is_erased
):
    with twilio_peer() as account:
        settings.TELEPHONY = account.backend()
        erasing.close_account(owner=owner)
        if is_erased:
            erasing.keep_house()
        with pytest.raises(AccountClosed):
            numbers.purchase_number(user=owner, **WANTED)
        assert account.sold == {}
    assert not UserPhoneNumber.objects.exists()


@pytest.fixture
def taken_meanwhile(owner, settings):
    """While an owner is told of her forwarding, another number of hers goes into service."""

    def take(moment: str) -> None:
        if moment == "DATA":
            with service_scope():
                make_number(owner)
            connection.close()

    with mail_server() as server:
        server.at = take
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield


def test_an_account_with_a_number_that_came_meanwhile_is_erased_after_its_release(
    owner, taken_meanwhile
):
    old = make_number(owner, forwarding_verified_at="2026-01-01T00:00:00Z")
    leave_message(old)
    erasing.close_account(owner=owner)
    erasing.keep_house()
    assert Erasure.objects.get().done_at is None
    assert Message.objects.exists()
    Erasure.objects.update(next_step_at="2026-01-01T00:00:00Z")
    erasing.keep_house()
    assert Erasure.objects.get().done_at is not None
    assert not UserPhoneNumber.objects.filter(status__in=LIVE_STATUSES).exists()


def keep_house(*, minutes_later: float = 0) -> Erasure:
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes_later), tick=False):
        Erasure.objects.update(next_step_at=timezone.now())
        erasing.keep_house()
    return Erasure.objects.get()


@pytest.fixture
def recorded_call(owner):
    """The carrier was asked to take a message, and has not said what came of it."""
    number = make_number(owner)
    call = ended_call(number, 5, stream_state="none", carrier_records=True)
    Message.objects.create(call=call, stage="notified")
    erasing.close_account(owner=owner)
    assert keep_house().done_at is None
    return call


def test_a_recording_that_the_carrier_announces_late_is_erased_there(recorded_call, settings):
    Call.objects.update(simulated=False)
    sid = "RE" + "0" * 32
    with twilio_peer() as account:
        settings.TELEPHONY = account.backend()
        account.recordings[sid] = mulaw_header(800, channels=1) + b"\x10" * 800
        calls.expect_recording(recorded_call.call_sid, sid)
        assert keep_house().done_at is not None
        assert account.recordings == {}
    assert not Call.objects.exists()


def test_a_carrier_that_tells_of_no_recording_is_not_waited_for_any_longer(recorded_call):
    call_events.note(recorded_call.id, kind="recording", key=":absent")
    assert keep_house().done_at is not None


def test_a_carrier_that_says_nothing_is_not_waited_for_for_ever(recorded_call):
    assert keep_house(minutes_later=170).done_at is None
    assert keep_house(minutes_later=180).done_at is not None


def test_an_account_whose_recordings_are_erased_already_does_not_wait_for_them(
    recorded_call, owner
):
    CarrierRecording.objects.create(call=recorded_call, sid="SIMULATED_RECORDING_" + "0" * 32)
    call_events.note(recorded_call.id, kind="recording", key="SIMULATED_RECORDING_:completed")
    running = make_call(recorded_call.number)
    assert keep_house().done_at is None
    telephony_erasing.erase_audio(recorded_call)
    Call.objects.filter(id=running.id).update(ended_at=timezone.now() - timedelta(minutes=5))
    assert keep_house().done_at is not None
