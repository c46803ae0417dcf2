"""V3: every kind of simulated carrier, over the network, and the verdict on each in time."""

import asyncio
import time

import pytest
from django.utils import timezone

from telephony.models import Call, UserPhoneNumber
from telephony.simulator.phones import SimulatedPhone
from telephony.simulator.probe_host import play, play_waiting_probes
from tests.voicemail.checks import forwarding_number
from voicemail.forwarding import DEADLINE, settle_checks, start_check, stop_check
from voicemail.models import CheckOutcome, ForwardingCheck, Message, OwnPhone
from voicemail.processing import collect_messages

pytestmark = [pytest.mark.V3, pytest.mark.django_db(transaction=True)]

RINGS_FOR_S = 0.3


@pytest.fixture(autouse=True)
def _quick_phones(settings):
    settings.SIMULATED_RING_SECONDS = RINGS_FOR_S


@pytest.fixture
def number(owner, aloha_url) -> UserPhoneNumber:
    return forwarding_number(owner)


def check_with(number: UserPhoneNumber, phone: SimulatedPhone) -> ForwardingCheck:
    OwnPhone.objects.update_or_create(user=number.user, defaults={"simulated_phone": phone})
    return start_check(number=number, now=timezone.now())


def settled(check: ForwardingCheck) -> ForwardingCheck:
    """As the worker does: look again and again until there is a verdict or the time is over."""
    deadline = time.monotonic() + 20
    while not settle_checks(now=timezone.now()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    check.refresh_from_db()
    assert check.finished_at < check.deadline_at
    return check


@pytest.mark.parametrize(
    ("phone", "outcome"),
    [
        (SimulatedPhone.FORWARDS, CheckOutcome.PROVEN),
        (SimulatedPhone.HIDES_FORWARDING, CheckOutcome.PROVEN),
        (SimulatedPhone.REWRITES_CALLER, CheckOutcome.PROVEN),
        (SimulatedPhone.OWN_VOICEMAIL, CheckOutcome.CARRIER_VOICEMAIL),
        (SimulatedPhone.PICKED_UP, CheckOutcome.PICKED_UP),
        (SimulatedPhone.DECLINED, CheckOutcome.DECLINED),
    ],
)
def test_the_verdict_on_what_a_carrier_does(number, phone, outcome):
    check = check_with(number, phone)
    [playing] = play_waiting_probes()
    assert settled(check).outcome == outcome
    playing.join(timeout=15)
    assert not playing.is_alive()
    collect_messages()
    assert not Message.objects.exists()
    assert Call.objects.get() == check.probe


def test_a_phone_that_nobody_answers_is_told_apart_when_it_has_rung_out(number):
    check = check_with(number, SimulatedPhone.RINGS_OUT)
    asyncio.run(play(check.probe_id, gives_up_s=0.5))
    assert settled(check).outcome == CheckOutcome.NOTHING_CAME


def test_a_carrier_that_never_says_anything_is_given_up_at_the_deadline(number):
    check = check_with(number, SimulatedPhone.RINGS_OUT)
    assert settle_checks(now=check.started_at + DEADLINE) == 1
    check.refresh_from_db()
    assert check.outcome == CheckOutcome.NOTHING_CAME


def test_the_phone_stops_ringing_when_the_owner_stops_the_test(number):
    check = check_with(number, SimulatedPhone.RINGS_OUT)
    [playing] = play_waiting_probes()
    stop_check(number=number, now=timezone.now())
    playing.join(timeout=5)
    assert not playing.is_alive()
    assert Call.objects.get(pk=check.probe_id).status == "canceled"


def test_of_two_workers_one_rings_the_phone(number):
    check_with(number, SimulatedPhone.DECLINED)
    threads = play_waiting_probes() + play_waiting_probes()
    for thread in threads:
        thread.join(timeout=10)
    assert len(threads) == 1
