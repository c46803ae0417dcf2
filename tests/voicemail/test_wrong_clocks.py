"""What a worker put off while its clock was ahead is taken up once the clock is right."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from telephony.models import CarrierRecording
from tests.factories import make_number
from tests.voicemail.messages import ended_call, leave_message
from tests.voicemail.test_processing import announce_recording
from voicemail import erasing, processing
from voicemail.models import Erasure, Message, Stage
from voicemail.reopening import fetch_put_off


@pytest.mark.V4
def test_a_message_is_claimed(owner):
    leave_message(make_number(owner), stage=Stage.AUDIO_READY)
    with time_machine.travel(timezone.now() + timedelta(days=365)):
        assert processing.claim_next() is not None
    assert processing.claim_next() is not None
    assert processing.claim_next() is None


@pytest.mark.V4
def test_a_message_that_waits_for_the_end_of_quiet_hours_is_not_claimed(owner):
    leave_message(make_number(owner), stage=Stage.SUMMARISED)
    Message.objects.update(next_step_at=timezone.now() + timedelta(hours=25))
    assert processing.claim_next() is None


@pytest.mark.V6
@pytest.mark.django_db(transaction=True)
def test_an_erasure_is_done(owner):
    erasing.close_account(owner=owner)
    Erasure.objects.update(next_step_at=timezone.now() + timedelta(days=365))
    erasing.keep_house()
    assert Erasure.objects.get().done_at is not None


@pytest.mark.V4
def test_a_recording_is_asked_for(owner):
    call = ended_call(make_number(owner), 300)
    for days in (365, 0.04):
        waiting = announce_recording(call, b"\x10" * 8_000)
        CarrierRecording.objects.filter(id=waiting.id).update(
            fetch_again_at=timezone.now() + timedelta(days=days)
        )
    assert fetch_put_off() == 1


@pytest.mark.V6
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_a_call_that_seems_to_end_later_keeps_nobody_from_being_forgotten(owner, direction):
    number = make_number(owner)
    ended_call(number, -60 * 24 * 365, direction=direction, purpose="forwarding_check")
    erasing.forget_caller(owner=owner, phone_number="+15105550147")
    erasing.close_account(owner=owner)
    erasing.keep_house()
    assert not Erasure.objects.filter(done_at__isnull=True).exists()
