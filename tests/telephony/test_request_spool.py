"""What is kept of the carrier's requests while the database is away, and what becomes of it."""

import contextlib
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.db import connections, transaction
from django.utils import timezone

from telephony import numbers, request_spool, stream_handover
from telephony.errors import SpoolFull
from telephony.models import Call, CallStatus, CarrierRecording, StreamState, UserPhoneNumber
from telephony.replay import replay_kept_requests
from telephony.request_spool import KeptRequest
from tests.factories import make_call, make_number
from tests.telephony.carrier import SID, incoming_form

BASE = "/api/twilio/voice/"
CAME_AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
RECORDING = {"RecordingSid": "SIMULATED_RECORDING_" + "b" * 32}
ENDED = {"CallStatus": "completed", "CallDuration": "42", "SequenceNumber": "0"}


@pytest.fixture
def number(owner):
    """The owner's, long before anything came."""
    return since_long_ago(make_number(owner))


def since_long_ago(number: UserPhoneNumber) -> UserPhoneNumber:
    UserPhoneNumber.objects.filter(pk=number.pk).update(created_at=CAME_AT - timedelta(days=30))
    return number


def request(step: str, fields: dict[str, str], *, seconds: float = 0) -> KeptRequest:
    return KeptRequest(
        path=BASE + step,
        body=urlencode(fields),
        call_sid=fields.get("CallSid", SID),
        came_at=CAME_AT + timedelta(seconds=seconds),
    )


def keep(step: str, fields: dict[str, str], *, seconds: float = 0) -> None:
    request_spool.keep(request(step, fields, seconds=seconds))


def files(settings) -> list[Path]:
    return [path for path in settings.SPOOL_DIR.rglob("*") if path.is_file()]


def test_a_kept_request_is_read_back_as_it_was(settings):
    kept = request("incoming", incoming_form("+14155550132", CallerName="Zoë & Söhne"))
    request_spool.keep(kept)
    assert [request_spool.read(file) for file in request_spool.waiting()] == [kept]


def test_nobody_else_on_the_machine_can_read_it(settings):
    keep("incoming", incoming_form("+14155550132"))
    assert {stat.S_IMODE(file.stat().st_mode) for file in files(settings)} == {0o600}
    assert stat.S_IMODE(settings.SPOOL_DIR.stat().st_mode) == 0o700


def test_requests_wait_in_the_order_in_which_they_came():
    for seconds in (2, 0, 1):
        keep("status", incoming_form("+14155550132", n=str(seconds)), seconds=seconds)
    bodies = [request_spool.read(file).body for file in request_spool.waiting()]
    assert [body[-1] for body in bodies] == ["0", "1", "2"]


def test_it_holds_the_requests_of_a_call_until_they_are_forgotten():
    assert not request_spool.holds(SID)
    keep("incoming", incoming_form("+14155550132"))
    assert request_spool.holds(SID)
    assert not request_spool.holds(SID[:-1] + "b")
    request_spool.forget(request_spool.waiting()[0])
    assert not request_spool.holds(SID)


def test_beyond_its_bound_nothing_more_is_kept():
    for _ in range(2):
        request_spool.keep(request("status", ENDED), limit=2)
    with pytest.raises(SpoolFull):
        request_spool.keep(request("status", ENDED), limit=2)
    assert len(request_spool.waiting()) == 2


@pytest.fixture
def small_disk(settings, tmp_path) -> Iterator[Path]:
    """A file system of 64 KiB under the spool."""
    if os.geteuid():
        assert not os.environ.get("CI"), "CI runs this as root"
        pytest.skip("needs root, to mount a small file system")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "aloha", disk], check=True)
    settings.SPOOL_DIR = disk / "carrier-spool"
    yield disk
    subprocess.run(["umount", disk], check=True)


def fill(fields: dict[str, str]) -> int:
    """Keep the same request until the disk is full; how often that went well."""
    kept = 0
    with contextlib.suppress(OSError):
        while kept < 100:
            keep("incoming", fields, seconds=kept)
            kept += 1
    return kept


@pytest.mark.A5
def test_a_full_disk_loses_no_request_that_was_kept(small_disk, settings):
    fields = incoming_form("+14155550132", Padding="x" * 9_000)
    kept = fill(fields)
    assert 3 <= kept < 100
    whole = [request_spool.read(file).body for file in request_spool.waiting()]
    assert whole == [urlencode(fields)] * kept
    assert len(files(settings)) == kept


@pytest.mark.A5
def test_a_torn_request_is_set_aside_and_told_and_the_others_are_replayed(number, settings, caplog):
    keep("incoming", incoming_form(number.phone_number))
    torn = request_spool.waiting()[0]
    torn.write_bytes(torn.read_bytes()[:100])
    keep("incoming", incoming_form(number.phone_number, CallSid=SID[:-1] + "b"), seconds=1)
    replay_kept_requests()
    assert [call.call_sid for call in Call.objects.all()] == [SID[:-1] + "b"]
    assert "kept request set aside" in caplog.text
    assert [file.parent.name for file in files(settings)] == ["unreadable"]


@pytest.mark.A5
def test_a_request_that_the_disk_does_not_give_now_stays_and_is_told(number, settings, caplog):
    keep("incoming", incoming_form(number.phone_number))
    unreadable = request_spool.waiting()[0]
    content = unreadable.read_bytes()
    unreadable.unlink()
    unreadable.symlink_to("/proc/self/mem")  # whose first page is an input/output error
    keep("incoming", incoming_form(number.phone_number, CallSid=SID[:-1] + "b"), seconds=1)
    assert replay_kept_requests() == 1
    assert request_spool.waiting() == [unreadable]
    assert "kept requests wait for the disk" in caplog.text
    unreadable.unlink()
    unreadable.write_bytes(content)
    assert replay_kept_requests() == 1
    assert {call.call_sid for call in Call.objects.all()} == {SID, SID[:-1] + "b"}


@pytest.mark.A5
def test_the_others_are_replayed_when_one_cannot_even_be_set_aside(number, settings, caplog):
    keep("nowhere", {})
    keep("incoming", incoming_form(number.phone_number), seconds=1)
    (settings.SPOOL_DIR / "unreadable").write_text("in the way")
    assert replay_kept_requests() == 1
    assert Call.objects.get().call_sid == SID
    assert len(request_spool.waiting()) == 1
    assert "kept requests wait for the disk" in caplog.text


def test_a_write_that_a_crash_cut_short_is_not_taken_for_a_request(number, settings):
    keep("incoming", incoming_form(number.phone_number))
    whole = request_spool.waiting()[0]
    whole.with_suffix(".part").write_bytes(b'{"path":')
    replay_kept_requests()
    assert Call.objects.count() == 1


@pytest.mark.A5
def test_a_call_that_came_meanwhile_stands_in_the_log_with_its_own_time(number):
    form = incoming_form(number.phone_number)
    keep("incoming", form)
    keep("recording", form | RECORDING, seconds=10)
    keep("status", form | ENDED, seconds=20)
    assert replay_kept_requests() == 3
    call = Call.objects.get()
    assert (call.call_sid, call.status) == (SID, CallStatus.COMPLETED)
    assert (call.started_at, call.answered_at) == (CAME_AT, CAME_AT)
    assert call.end_reason == "message_after_failure"
    assert CarrierRecording.objects.get().call == call


@pytest.mark.D5
@pytest.mark.parametrize(
    ("steps", "times"),
    [
        pytest.param(("incoming", "recording", "status"), 1, id="all"),
        pytest.param(("recording",), 1, id="the message alone"),
        pytest.param(("incoming", "recording"), 2, id="twice"),
    ],
)
def test_a_kept_call_goes_to_whoever_had_the_number_when_it_came(
    owner, stranger, number, steps, times
):
    form = incoming_form(number.phone_number)
    fields = {"incoming": {}, "recording": RECORDING, "status": ENDED}
    for _ in range(times):
        for step in steps:
            keep(step, form | fields[step])
    numbers.release_number(user=owner)
    numbers.purchase_number(user=stranger, phone_number=number.phone_number, country="US")
    replay_kept_requests()
    assert Call.objects.get().owner == owner
    assert CarrierRecording.objects.get().call.owner == owner


@pytest.mark.D5
@pytest.mark.parametrize("step", ["incoming", "recording"])
def test_a_kept_call_from_before_anybody_had_the_number_is_nobodys(owner, step):
    number = make_number(owner)
    keep(step, incoming_form(number.phone_number) | RECORDING)
    replay_kept_requests()
    assert not Call.objects.exists()
    assert not CarrierRecording.objects.exists()


@pytest.mark.W5
def test_replaying_twice_changes_nothing(number):
    form = incoming_form(number.phone_number)

    def rows() -> list[object]:
        fields = ("status", "duration_s", "end_reason", "started_at", "carrier_records")
        return [list(Call.objects.values(*fields)), CarrierRecording.objects.count()]

    for step, fields in [("incoming", {}), ("recording", RECORDING), ("status", ENDED)]:
        keep(step, form | fields)
    replay_kept_requests()
    once = rows()
    for step, fields in [("status", ENDED), ("incoming", {}), ("recording", RECORDING)]:
        keep(step, form | fields)
    replay_kept_requests()
    assert rows() == once


def test_a_stream_that_was_decided_too_late_is_known_to_have_reached_nobody(number):
    call = make_call(number, call_sid=SID, stream_state=StreamState.ISSUED, status="completed")
    keep("incoming", incoming_form(number.phone_number))
    replay_kept_requests()
    call.refresh_from_db()
    assert (call.carrier_records, call.end_reason) == (True, "failed_without_message")


def test_a_repeat_that_was_answered_keeps_its_agent(number):
    make_call(number, call_sid=SID, stream_state=StreamState.OPEN)
    keep("incoming", incoming_form(number.phone_number))
    replay_kept_requests()
    assert not Call.objects.get().carrier_fell_back


def test_what_makes_no_sense_is_set_aside(number, settings):
    keep("incoming", incoming_form("x" * 200))
    keep("nowhere", incoming_form(number.phone_number))
    assert replay_kept_requests() == 2
    assert [file.parent.name for file in files(settings)] == ["unreadable"] * 2


def test_a_request_kept_by_a_process_that_is_killed_is_there(settings):
    program = (
        "import os, django; django.setup(); from tests.telephony.test_request_spool import keep; "
        "keep('status', {'CallSid': 'CA' + '0' * 32}); os.kill(os.getpid(), 9)"
    )
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "ALOHA_VAR_DIR": str(settings.VAR_DIR),
        "SPOOL_DIR": str(settings.SPOOL_DIR),
    }
    subprocess.run([sys.executable, "-c", program], env=environment, timeout=60, check=False)
    assert len(request_spool.waiting()) == 1


@pytest.mark.V6
def test_what_was_set_aside_is_kept_for_a_month(settings):
    keep("nowhere", {})
    replay_kept_requests()
    now = timezone.now()
    assert request_spool.forget_old(now=now + timedelta(days=29)) == 0
    assert request_spool.forget_old(now=now + timedelta(days=31)) == 1
    assert not list(settings.SPOOL_DIR.glob("unreadable/*"))


@pytest.mark.V6
def test_a_torn_write_goes_after_an_hour_and_a_waiting_request_never(settings):
    keep("status", ENDED)
    (settings.SPOOL_DIR / "torn.part").write_text("From=")
    now = timezone.now()
    assert request_spool.forget_old(now=now) == 0
    assert request_spool.forget_old(now=now + timedelta(days=99)) == 1
    assert len(request_spool.waiting()) == 1


@pytest.mark.V6
@pytest.mark.django_db(transaction=True)
def test_a_request_that_is_erased_after_it_was_read_leaves_nothing(number):
    call = make_call(number, call_sid=SID)
    keep("status", incoming_form(number.phone_number) | ENDED)

    def replay() -> None:
        try:
            replay_kept_requests()
        finally:
            connections.close_all()

    replaying = threading.Thread(target=replay)
    with transaction.atomic():
        Call.objects.select_for_update().get()
        replaying.start()
        replaying.join(0.5)  # it has read, and waits for this transaction
        request_spool.drop(SID)
    replaying.join()
    assert not call.events.exists()


def test_what_came_after_a_stream_is_replayed(number):
    make_call(number, call_sid=SID, stream_state=StreamState.OPEN)
    keep("after-stream", incoming_form(number.phone_number, CallStatus="in-progress"))
    assert replay_kept_requests() == 1
    assert Call.objects.get().carrier_records


def test_a_replay_opens_no_stream_that_nobody_hears_of(number):
    call = make_call(number, call_sid=SID, stream_state=StreamState.OPEN)
    stream_handover.hand_over(call.id)
    keep("after-stream", incoming_form(number.phone_number, CallStatus="in-progress"))
    assert replay_kept_requests() == 1
    assert Call.objects.get().carrier_records
