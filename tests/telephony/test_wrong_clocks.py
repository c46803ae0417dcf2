"""A clock that was ahead once: what it wrote stops nothing once it goes right."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from aloha_site.support_health import health
from telephony import numbers
from telephony.models import CallStatus, NumberStatus, SyncRun
from telephony.number_sync import sync_numbers, sync_numbers_when_due
from tests.contract.api_client import ApiClient
from tests.factories import make_call, make_number
from tests.peers.twilio_rest import TwilioAccount, twilio_peer
from tests.telephony.test_answering import facts_of

YEAR = timedelta(days=365)
HOUR = timedelta(hours=1)
NUMBER, CALLEE = "+14155550123", "+14155550181"


@pytest.fixture
def twilio(settings) -> Iterator[TwilioAccount]:
    with twilio_peer() as account:
        settings.TELEPHONY = account.backend()
        yield account


def a_year_ahead() -> time_machine.travel:
    return time_machine.travel(timezone.now() + YEAR)


@pytest.mark.N10
def test_numbers_are_synchronised_and_looked_after_again(owner):
    SyncRun.objects.create(started_at=timezone.now() + YEAR, error="long ago")
    assert sync_numbers_when_due() is not None
    assert health()[0].is_well


@pytest.mark.N8
def test_an_unclear_purchase_is_settled(owner, twilio):
    twilio.faults["POST"] = "drop"
    with a_year_ahead():
        number = numbers.purchase_number(user=owner, phone_number=NUMBER, country="US")
    twilio.faults.clear()
    sync_numbers(dry_run=False)
    number.refresh_from_db()
    assert number.status == NumberStatus.ACTIVE


@pytest.mark.N9
def test_a_number_is_given_back(owner, twilio):
    number = numbers.purchase_number(user=owner, phone_number=NUMBER, country="US")
    twilio.faults["DELETE"] = "500"
    with a_year_ahead():
        numbers.release_number(user=owner)
        sync_numbers(dry_run=False)
    twilio.faults.clear()
    sync_numbers(dry_run=False)
    number.refresh_from_db()
    assert number.status == NumberStatus.RELEASED


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_what_was_talked_is_not_counted_for_today(owner, settings, direction):
    settings.AGENT_MINUTES_PER_DAY = settings.OUTBOUND_MINUTES_PER_DAY = 1
    settings.OUTBOUND_FIRST_HOUR, settings.OUTBOUND_LAST_HOUR = 0, 24
    number = make_number(owner)
    make_call(
        number,
        direction=direction,
        started_at=timezone.now() + HOUR,
        status=CallStatus.COMPLETED,
        duration_s=600,
        agent_backend="scripted",
    )
    assert not facts_of(number).agent_is_busy
    assert ApiClient(owner).place_call(phoneNumber=CALLEE).status_code == 201
