"""What a worker put off while its clock was ahead is taken up once the clock is right."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tests.factories import make_number
from tests.voicemail.messages import leave_message
from voicemail import erasing, processing
from voicemail.models import Erasure, Message, Stage


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
