"""A provider that fails, in every way: what the owner reads, and that nothing is bought twice."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from telephony.models import NumberStatus
from telephony.number_sync import sync_numbers
from telephony.numbers import active_number
from tests.peers.twilio_rest import twilio_peer
from tests.site.test_number_search_page import SETTINGS, find, look, offered, take

pytestmark = [
    pytest.mark.N8,
    pytest.mark.parametrize("fault", ["hang", "drop", "429", "500", "garbled"]),
]
IS_BUSY = "The phone provider is busy. Nothing was charged; try again in a moment."
IS_SILENT = "The phone provider does not answer just now. Nothing was charged; try again later."
IS_OPEN = "The phone provider did not say whether it was taken."
IS_NOT_CONFIRMED = "The phone provider did not confirm the release just now."


@pytest.fixture
def twilio(settings):
    with twilio_peer() as account:
        settings.TELEPHONY = account.backend(timeout_s=0.5)
        yield account


@pytest.fixture
def as_owner(owner, twilio) -> Client:
    client = Client()
    client.force_login(owner)
    look(client)  # the countries are known from now on
    return client


def settle() -> None:
    """Synchronise twice: what is missing at one look is looked for again."""
    for minutes in (3, 6):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=False):
            sync_numbers(dry_run=False)


def test_a_search_that_fails_is_said_and_works_later(as_owner, twilio, fault):
    twilio.faults["GET"] = fault
    text = find(as_owner)
    assert (IS_BUSY if fault == "429" else IS_SILENT) in text
    assert offered(text) == []
    twilio.faults.clear()
    assert offered(find(as_owner))


def test_a_purchase_says_what_is_known_of_it_and_is_made_once(as_owner, owner, twilio, fault):
    twilio.faults["POST"] = fault
    for _ in range(2):
        assert (IS_BUSY if fault == "429" else IS_OPEN) in take(as_owner)
    asked = sum(line.startswith("POST") for line in twilio.requests)
    assert asked == (2 if fault == "429" else 1)
    twilio.faults.clear()
    settle()
    assert "(415) 555-0123 is yours and answers now." in take(as_owner)
    assert twilio.sold.keys() == {active_number(owner).twilio_phone_sid}


def test_a_release_that_is_not_confirmed_is_said_and_made_later(as_owner, owner, twilio, fault):
    take(as_owner)
    twilio.faults["DELETE"] = fault
    form = {"last_digits": "0123"}
    text = as_owner.post(f"{SETTINGS}/release", form, follow=True).content.decode()
    assert IS_NOT_CONFIRMED in text
    assert active_number(owner) is None
    twilio.faults.clear()
    settle()
    assert twilio.sold == {}
    assert owner.phone_numbers.get().status == NumberStatus.RELEASED
