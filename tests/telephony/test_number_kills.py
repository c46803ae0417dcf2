"""kill -9 in the middle of a purchase, a swap or a release: nothing paid for is forgotten."""

import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone

from accounts.models import User
from telephony import numbers
from telephony.backends.base import get_backend
from telephony.models import LIVE_STATUSES, NumberStatus, UserPhoneNumber
from telephony.number_sync import sync_numbers
from tests.factories import make_user
from tests.peers.processes import Process
from tests.peers.twilio_ledger import twilio_ledger
from tests.peers.twilio_rest import ACCOUNT_SID, AUTH_TOKEN

pytestmark = [pytest.mark.check, pytest.mark.N7]
KILLS = 5
POINTS = [
    ("purchase", "POST", "before"),
    ("purchase", "POST", "after"),
    ("purchase", "POST", "answered"),
    ("swap", "POST", "after"),
    ("swap", "DELETE", "before"),
    ("swap", "DELETE", "after"),
    ("release", "DELETE", "before"),
    ("release", "DELETE", "after"),
]
STEP = """
import os, requests
from accounts.models import User
from telephony import numbers
requests.post("{ledger}/victim", {{"pid": os.getpid(), "method": "{method}", "moment": "{moment}"}})
user = User.objects.get(email="{email}")
numbers.{call}
"""


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


def killed(folder: Path, url: str, code: str) -> bool:
    """Run code in a process of its own; whether it was killed."""
    process = Process(folder, "step", "shell", "-c", code, url=url)
    status = process.popen.wait(30)
    assert status in (0, -signal.SIGKILL), process.log.read_text()
    return status == -signal.SIGKILL


def call_for(action: str, wanted: str) -> str:
    if action == "release":
        return "release_number(user=user)"
    return f"purchase_number(user=user, phone_number={wanted!r}, country='US', replace=True)"


def statuses(owner: User) -> list[str]:
    return sorted(owner.phone_numbers.values_list("status", flat=True))


def sync_after(minutes: int) -> list[str]:
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=False):
        return sync_numbers(dry_run=False).steps


def sets_are_equal() -> bool:
    live = UserPhoneNumber.objects.filter(status__in=LIVE_STATUSES)
    paid = {number.sid for number in get_backend().list_numbers()}
    return paid == set(live.values_list("twilio_phone_sid", flat=True))


@pytest.mark.parametrize(("action", "method", "moment"), POINTS)
def test_after_a_kill_the_providers_set_and_ours_are_equal(
    ledger, settings, tmp_path, action, method, moment
):
    for kill in range(KILLS):
        owner = make_user(f"owner{kill}@example.com")
        wanted, old = f"+1415555012{kill}", "+14155550127"
        if action != "purchase":
            numbers.purchase_number(user=owner, phone_number=old, country="US")
        code = STEP.format(
            ledger=ledger,
            method=method,
            moment=moment,
            email=owner.email,
            call=call_for(action, wanted),
        )
        # After an answer the process may be quicker than the signal.
        assert killed(tmp_path, settings.PUBLIC_BASE_URL, code) or moment == "answered"
        before = statuses(owner)
        for minutes in (3, 6):
            sync_after(minutes)
        after = statuses(owner)
        print(f"{action} {method} {moment}: {before} -> {after}")
        assert sets_are_equal()
        assert set(after) <= {NumberStatus.ACTIVE, NumberStatus.RELEASED, NumberStatus.FAILED}
        assert sync_after(9) == []
        assert sets_are_equal()
