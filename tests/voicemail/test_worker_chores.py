"""What the worker does beside the messages: a provider that hangs keeps no caller waiting."""

import socket
import time
from collections.abc import Iterator

import pytest
from django.utils import timezone

from telephony.models import (
    LIVE_STATUSES,
    Call,
    CarrierRecording,
    StreamState,
    UserPhoneNumber,
)
from tests.factories import make_number
from tests.peers.processes import Process, started
from tests.voicemail.messages import ended_call, leave_message
from voicemail import erasing
from voicemail.models import Erasure, Message, Stage

pytestmark = [pytest.mark.check, pytest.mark.V4]
OLD_RECORDINGS = 4
PROMISED_S = 10


@pytest.fixture
def hanging_provider() -> Iterator[socket.socket]:
    """Takes every connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:
        listener.settimeout(30)
        yield listener


@pytest.fixture
def number(owner, transactional_db):
    number = make_number(owner)
    for index in range(OLD_RECORDINGS):
        call = leave_message(number, minutes_ago=95 * 1_440).call
        Call.objects.filter(id=call.id).update(simulated=False)
        CarrierRecording.objects.create(call=call, sid=f"RE{index:032d}", fetched_at=timezone.now())
    return number


@pytest.fixture
def worker(number, hanging_provider, settings, tmp_path) -> Iterator[Process]:
    changes = {
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "x" * 32,
        "TWILIO_API_BASE_URL": f"http://127.0.0.1:{hanging_provider.getsockname()[1]}",
    }
    worker = Process(tmp_path, "worker", "work", url=settings.PUBLIC_BASE_URL, changes=changes)
    with started(worker):
        yield worker


def test_a_provider_that_hangs_holds_up_no_message(worker, number, hanging_provider):
    asked, _ = hanging_provider.accept()
    with asked:
        call = ended_call(number, 0, stream_state=StreamState.NONE)
        deadline = time.monotonic() + PROMISED_S
        while not Message.objects.filter(call=call, stage=Stage.NOTIFIED).exists():
            assert time.monotonic() < deadline, worker.log.read_text()
            time.sleep(0.1)


def test_a_provider_that_hangs_does_not_keep_a_worker_from_stopping(worker, hanging_provider):
    asked, _ = hanging_provider.accept()
    with asked:
        worker.popen.terminate()
        assert worker.popen.wait(PROMISED_S) == 0


@pytest.mark.D4
def test_closed_accounts_are_erased_within_seconds_one_after_the_other(
    owner, stranger, transactional_db, settings, tmp_path
):
    worker = Process(tmp_path, "worker", "work", url=settings.PUBLIC_BASE_URL)
    with started(worker):
        worker.wait_for("worker started")
        for user in (owner, stranger):  # the first round of chores may take one, no second one
            make_number(user)
            erasing.close_account(owner=user)
            deadline = time.monotonic() + PROMISED_S
            while Erasure.objects.get().done_at is None:
                assert time.monotonic() < deadline, worker.log.read_text()
                time.sleep(0.1)
            Erasure.objects.all().delete()
    assert not UserPhoneNumber.objects.filter(status__in=LIVE_STATUSES).exists()
