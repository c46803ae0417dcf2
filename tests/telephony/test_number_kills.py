"""kill -9 in the middle of a purchase, a swap or a release: nothing paid for is forgotten."""

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from accounts.models import User
from telephony import numbers
from telephony.backends.base import get_backend
from telephony.models import LIVE_STATUSES, NumberStatus, UserPhoneNumber
from telephony.number_sync import sync_numbers
from tests.factories import make_user
from tests.peers.twilio_ledger import twilio_ledger
from tests.peers.twilio_rest import ACCOUNT_SID, AUTH_TOKEN
from tests.peers.victims import Forker, forker

pytestmark = pytest.mark.N7
WANTED, OLD = "+14155550121", "+14155550127"
# Where the process dies: at which request to the provider, and before it arrives there, after
# the provider has acted but not answered, or once the answer is out.
POINTS = [
    ("purchase", "GET", "before"),
    ("purchase", "POST", "before"),
    ("purchase", "POST", "after"),
    ("purchase", "POST", "answered"),
    ("swap", "POST", "before"),
    ("swap", "POST", "after"),
    ("swap", "POST", "answered"),
    ("swap", "DELETE", "before"),
    ("swap", "DELETE", "after"),
    ("swap", "DELETE", "answered"),
    ("release", "DELETE", "before"),
    ("release", "DELETE", "after"),
    ("release", "DELETE", "answered"),
]
Point = tuple[str, str, str]
Outcomes = Counter[tuple[str, str]]


@pytest.fixture
def ledger(settings, monkeypatch, transactional_db) -> Iterator[str]:
    with twilio_ledger() as base_url:
        settings.TELEPHONY = {
            "BACKEND": "telephony.backends.twilio.TwilioBackend",
            "OPTIONS": {
                "account_sid": ACCOUNT_SID,
                "auth_token": AUTH_TOKEN,
                "api_base_url": base_url,
            },
        }
        monkeypatch.setenv("TWILIO_ACCOUNT_SID", ACCOUNT_SID)
        monkeypatch.setenv("TWILIO_AUTH_TOKEN", AUTH_TOKEN)
        monkeypatch.setenv("TWILIO_API_BASE_URL", base_url)
        yield base_url


@pytest.fixture
def victims(ledger, settings, tmp_path) -> Iterator[Forker]:
    with forker(tmp_path, url=settings.PUBLIC_BASE_URL) as running:
        yield running


def step_of(action: str) -> dict[str, Any]:
    if action == "release":
        return {"function": "release_number", "arguments": {}}
    wanted = {"phone_number": WANTED, "country": "US", "replace": True}
    return {"function": "purchase_number", "arguments": wanted}


def statuses(owner: User) -> str:
    return ", ".join(sorted(owner.phone_numbers.values_list("status", flat=True))) or "none"


def sync_after(minutes: int) -> list[str]:
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=False):
        return sync_numbers(dry_run=False).steps


def sets_are_equal() -> bool:
    live = UserPhoneNumber.objects.filter(status__in=LIVE_STATUSES)
    paid = {number.sid for number in get_backend().list_numbers()}
    return paid == set(live.values_list("twilio_phone_sid", flat=True))


def kill_at(point: Point, *, ledger: str, victims: Forker, name: str) -> tuple[str, str] | None:
    """Kill one step there and synchronise: the owner's rows before and after; None if it got away.

    After an answer the process may be quicker than the signal.
    """
    action, method, moment = point
    owner = make_user(f"{name}@example.com")
    if action != "purchase":
        numbers.purchase_number(user=owner, phone_number=OLD, country="US")
    order = {"ledger": ledger, "method": method, "moment": moment, "email": owner.email}
    was_killed = victims.run(**order, **step_of(action)) == -signal.SIGKILL
    before = statuses(owner)
    for minutes in (3, 6):
        sync_after(minutes)
    after = statuses(owner)
    assert sets_are_equal()
    assert set(after.split(", ")) <= {"none", "active", "released", "failed"}
    assert sync_after(9) == []
    assert sets_are_equal()
    if numbers.active_number(owner):
        assert numbers.release_number(user=owner).status == NumberStatus.RELEASED
    assert was_killed or moment == "answered"
    return (before, after) if was_killed else None


def kill_often(point: Point, count: int, *, ledger: str, victims: Forker) -> Outcomes:
    """What `count` kills at one point led to."""
    outcomes: Outcomes = Counter()
    tries = 0
    while outcomes.total() < count:
        tries += 1
        assert tries <= 5 * count, "too few of the processes were killed"
        name = "-".join((*point, str(tries))).lower()
        if outcome := kill_at(point, ledger=ledger, victims=victims, name=name):
            outcomes[outcome] += 1
    return outcomes


def rows_of(point: Point, outcomes: Outcomes) -> list[str]:
    """The lines of the matrix for one point."""
    action, method, moment = point
    return [
        f"| {action} | {method} | {moment} | {count} | {before} | {after} |"
        for (before, after), count in sorted(outcomes.items())
    ]


@pytest.mark.check
@pytest.mark.parametrize("point", POINTS, ids=" ".join)
def test_after_a_kill_the_providers_set_and_ours_are_equal(ledger, victims, point):
    print(*rows_of(point, kill_often(point, 4, ledger=ledger, victims=victims)), sep="\n")


@pytest.mark.soak
def test_five_hundred_kills_leave_the_providers_set_and_ours_equal(
    ledger, victims, record_property: Callable[[str, object], None]
):
    matrix = ["| step | request | dies | kills | before sync | after sync |", "|-|-|-|-|-|-|"]
    kills = 0
    for point in POINTS:
        outcomes = kill_often(point, 39, ledger=ledger, victims=victims)
        kills += outcomes.total()
        matrix += rows_of(point, outcomes)
    print(*matrix, sep="\n")
    title = f"{connection.vendor}: {kills} kills, 0 differences after syncnumbers"
    record_property("figures", "\n".join([title, "", *matrix]))
    assert kills >= 500
