"""Purchases, swaps and releases of one owner at the same moment: one number, paid for once."""

import random
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection

from accounts.models import User
from telephony import numbers
from telephony.models import LIVE_STATUSES, NumberEvent, NumberStatus
from tests.factories import make_user
from tests.peers.twilio_rest import TwilioAccount, twilio_peer
from tests.telephony.races import Request, at_once

pytestmark = pytest.mark.D7
DONE = {"active", "released", "releasing", "purchasing"}
REFUSED = {
    *("purchase_in_progress", "number_changed", "already_has_number"),
    *("no_number", "number_taken", "number_not_offered"),
}


@pytest.fixture
def twilio(settings, transactional_db):
    with twilio_peer() as account:
        settings.TELEPHONY = account.backend()
        yield account


def some_request(owner: User, account: TwilioAccount, chance: random.Random) -> Request:
    number = chance.choice(sorted(account.for_sale))
    match chance.choice(["purchase", "swap", "swap", "release"]):
        case "release":
            return lambda: numbers.release_number(user=owner)
        case action:
            replace = action == "swap"
            return lambda: numbers.purchase_number(
                user=owner, phone_number=number, country="US", replace=replace
            )


def race(account: TwilioAccount, *, rounds: int, threads: int) -> Counter[str]:
    """Let one owner's requests race; after each round what is paid for is what she has."""
    owner, chance = make_user("owner@example.com"), random.Random(7)
    outcomes: Counter[str] = Counter()
    for _ in range(rounds):
        requests = [some_request(owner, account, chance) for _ in range(threads)]
        outcomes.update(at_once(*requests))
        live = owner.phone_numbers.filter(status__in=LIVE_STATUSES)
        assert set(live.values_list("twilio_phone_sid", flat=True)) == account.sold.keys()
        assert live.filter(status=NumberStatus.ACTIVE).count() <= 1
    return outcomes


def double_payments(account: TwilioAccount) -> int:
    """Numbers that the provider sold beyond those that went into service."""
    bought = sum(line.startswith("POST") for line in account.requests)
    refused = NumberEvent.objects.filter(to_status=NumberStatus.FAILED).count()
    in_service = NumberEvent.objects.filter(to_status=NumberStatus.ACTIVE).count()
    return bought - refused - in_service


def test_mixed_requests_at_once_leave_what_is_paid_for(twilio):
    outcomes = race(twilio, rounds=4, threads=8)
    assert outcomes.total() == 4 * 8
    assert outcomes.keys() <= DONE | REFUSED
    assert double_payments(twilio) == 0


@pytest.mark.soak
def test_many_rounds_of_mixed_requests_leave_what_is_paid_for(
    twilio, record_property: Callable[[str, object], None]
):
    rounds, threads = (200, 16) if connection.vendor == "postgresql" else (20, 8)
    outcomes = race(twilio, rounds=rounds, threads=threads)
    twice = double_payments(twilio)
    told = ", ".join(f"{count} {what}" for what, count in outcomes.most_common())
    record_property(
        "figures",
        f"{connection.vendor}: {rounds} rounds x {threads} threads, {twice} double payments,"
        f" {rounds * threads - outcomes.total()} unhandled errors: {told}",
    )
    assert outcomes.total() == rounds * threads
    assert outcomes.keys() <= DONE | REFUSED
    assert twice == 0
