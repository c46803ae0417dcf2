"""The carrier's callbacks, in every order and with every one of them sent twice in a row."""

import itertools
import json
import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache

import pytest
import time_machine
from django.db import transaction
from django.http import QueryDict
from django.urls import resolve
from django.utils.http import urlencode

from telephony.call_progress import Progress, Report, advance
from telephony.carrier_requests import SignedForm
from telephony.end_reasons import EndReason
from telephony.models import Call, CallEvent, CallStatus, CarrierRecording
from tests.factories import make_number
from tests.telephony.carrier import SID, incoming_form, post

STARTED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CALLBACKS = ("initiated", "ringing", "answered", "completed", "stream-stopped", "recording")
STATUSES = {
    "initiated": "initiated",
    "ringing": "ringing",
    "answered": "in-progress",
    "completed": "completed",
}
READ_AS = {
    "initiated": CallStatus.RINGING,
    "ringing": CallStatus.RINGING,
    "answered": CallStatus.IN_PROGRESS,
    "completed": CallStatus.COMPLETED,
}
OVER = STARTED + timedelta(seconds=43)


def at(callback: str) -> datetime:
    return (
        OVER if callback == "completed" else STARTED + timedelta(seconds=CALLBACKS.index(callback))
    )


def orders(callbacks: Iterable[str] = CALLBACKS) -> list[tuple[str, ...]]:
    """Every order of the callbacks, with each of them in turn sent twice in a row."""
    return [
        tuple(name for name in order for _ in range(2 if name == twice else 1))
        for order in itertools.permutations(callbacks)
        for twice in order
    ]


def report(callback: str, **fields) -> Report:
    defaults = {
        "status": READ_AS[callback],
        "sequence": CALLBACKS.index(callback),
        "at": at(callback),
        "duration_s": 41 if callback == "completed" else None,
    }
    return Report(**(defaults | fields))


def known_after(*reports: Report) -> Progress:
    known = Progress()
    for each in reports:
        known = advance(known, each)
    return known


@pytest.mark.W5
def test_every_order_of_statuses_ends_in_the_same_progress():
    assert len(orders(READ_AS)) == 96
    ends = {known_after(*map(report, order)) for order in orders(READ_AS)}
    assert ends == {
        Progress(
            status=CallStatus.COMPLETED,
            sequence=3,
            answered_at=at("answered"),
            ended_at=OVER,
            duration_s=41,
        )
    }


@pytest.mark.W5
def test_the_order_does_not_matter_either_when_the_carrier_does_not_number_its_callbacks():
    unnumbered = [report(name, sequence=None) for name in READ_AS]
    ends = {known_after(*order) for order in itertools.permutations(unnumbered)}
    assert len(ends) == 1


def test_of_two_final_statuses_the_later_numbered_one_counts():
    busy = report("completed", status=CallStatus.BUSY, sequence=1, duration_s=0)
    completed = report("completed", sequence=2)
    assert known_after(busy, completed).status == CallStatus.COMPLETED
    assert known_after(completed, busy).status == CallStatus.COMPLETED


def test_a_final_status_stays_when_nothing_says_which_was_later():
    canceled = report("completed", status=CallStatus.CANCELED, sequence=None)
    assert known_after(canceled, report("completed", sequence=None)).status == CallStatus.CANCELED


def fields_of(callback: str) -> tuple[str, dict[str, str]]:
    """The path and the form of one callback, as documented."""
    form = {"CallSid": SID, "AccountSid": "AC" + "0" * 32}
    if callback == "stream-stopped":
        return "stream-status", form | {"StreamSid": "MZ" + "1" * 32, "StreamEvent": callback}
    if callback == "recording":
        sid = "SIMULATED_RECORDING_" + "b" * 32
        return "recording", form | {"RecordingSid": sid, "RecordingStatus": "completed"}
    form |= {
        "CallStatus": STATUSES[callback],
        "Timestamp": format_datetime(at(callback)),
        "SequenceNumber": str(CALLBACKS.index(callback)),
        "CallbackSource": "call-progress-events",
    }
    return "status", form | ({"CallDuration": "41"} if callback == "completed" else {})


def take(callback: str) -> None:
    """Do what the webhook does with a callback, without the way there."""
    path, form = fields_of(callback)
    work = resolve(f"/api/twilio/voice/{path}").func.webhook.work
    assert work(SignedForm(QueryDict(urlencode(form)))).status_code == 204


def kept_rows() -> str:
    """All that the callbacks leave in the database."""
    events = CallEvent.objects.order_by("kind", "key")
    tables = (
        Call.objects.values(),
        events.values("call", "kind", "key", "payload", "facts", "received_at"),
        CarrierRecording.objects.values("call", "sid", "announced_at"),
    )
    return json.dumps([list(rows) for rows in tables], default=str)


def ends_of_all_orders() -> Counter[str]:
    """What is kept after each order of the callbacks, and after how many of them.

    While the clock stands still a callback does the same wherever the same is kept, so orders that
    have met there with the same callbacks left go on as one.
    """

    @cache
    def ends(kept: str, left: frozenset[str], one_came_twice: bool) -> Counter[str]:
        if not left:
            return Counter([kept] if one_came_twice else [])
        found = Counter[str]()
        for callback in left:
            others = left - {callback}
            with transaction.atomic():
                take(callback)
                found += ends(kept_rows(), others, one_came_twice)
                if not one_came_twice:
                    take(callback)
                    found += ends(kept_rows(), others, True)
                transaction.set_rollback(True)
        return found

    return ends(kept_rows(), frozenset(CALLBACKS), False)


@pytest.mark.W5
@pytest.mark.check
def test_every_order_of_callbacks_leaves_the_same_rows(owner):
    form = incoming_form(make_number(owner).phone_number)
    with time_machine.travel(STARTED, tick=False) as clock:
        post("/api/twilio/voice/incoming", form)
        post("/api/twilio/voice/after-stream", form)  # no agent came, so the carrier records
        clock.move_to(OVER + timedelta(seconds=5))
        ends = ends_of_all_orders()
    assert list(ends.values()) == [len(orders())] == [4_320]
    [call], events, recordings = json.loads(next(iter(ends)))
    assert (call["status"], call["duration_s"]) == (CallStatus.COMPLETED, 41)
    assert call["end_reason"] == EndReason.MESSAGE_AFTER_FAILURE
    assert (len(events), len(recordings)) == (1 + 6, 1)


def row_after(order: tuple[str, ...]) -> dict[str, object]:
    """The call's row and what hangs on it, after callbacks in this order."""
    for callback in order:
        path, form = fields_of(callback)
        assert post(f"/api/twilio/voice/{path}", form).status_code == 204
    call = Call.objects.get(call_sid=SID)
    ours = ("id", "stream_token", "stream_token_expires_at", "started_at")
    row = {field.attname: getattr(call, field.attname) for field in Call._meta.concrete_fields}
    events = call.events.order_by("kind", "key").values_list("kind", "key")
    recordings = call.carrier_recordings.values_list("sid", flat=True)
    kept = {name: value for name, value in row.items() if name not in ours}
    kept |= {"events": tuple(events), "recordings": tuple(recordings)}
    call.carrier_recordings.all().delete()
    call.delete()
    return kept


@pytest.mark.W5
@pytest.mark.parametrize("count", [20, pytest.param(200, marks=pytest.mark.check)])
def test_orders_over_http_leave_the_same_row(owner, count):
    number = make_number(owner).phone_number
    sample = random.Random(20).sample(orders(), count)
    with time_machine.travel(STARTED, tick=False) as clock:
        rows = []
        for order in sample:
            clock.move_to(STARTED)
            post("/api/twilio/voice/incoming", incoming_form(number))
            clock.move_to(OVER + timedelta(seconds=5))
            rows.append(row_after(order))
    assert all(row == rows[0] for row in rows)
    assert rows[0]["status"] == CallStatus.COMPLETED
    assert rows[0]["ended_at"] == OVER
    assert rows[0]["answered_at"] == STARTED, "our first TwiML answers a call that comes in"
    assert len(rows[0]["events"]) == 6


@pytest.mark.parametrize("value", ["1e3", "-1", "\N{SUPERSCRIPT TWO}", "9" * 9])
def test_a_duration_that_makes_no_sense_is_refused_and_changes_nothing(owner, value):
    post("/api/twilio/voice/incoming", incoming_form(make_number(owner).phone_number))
    path, form = fields_of("completed")
    answer = post(f"/api/twilio/voice/{path}", form | {"CallDuration": value})
    assert answer.status_code == 400
    assert Call.objects.get(call_sid=SID).status == CallStatus.RINGING


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("Timestamp", "yesterday", id="time that is none"),
        pytest.param("Timestamp", "Sun, 01 Mar 99999 12:00:00 +0000", id="year that is none"),
        pytest.param("SequenceNumber", "-1", id="negative sequence"),
        pytest.param("SequenceNumber", "\N{SUPERSCRIPT TWO}", id="digit of another kind"),
        pytest.param("SequenceNumber", "9" * 9, id="sequence beyond any call"),
    ],
)
def test_the_end_of_a_call_counts_although_its_time_or_number_cannot_be_read(owner, field, value):
    post("/api/twilio/voice/incoming", incoming_form(make_number(owner).phone_number))
    path, form = fields_of("completed")
    assert post(f"/api/twilio/voice/{path}", form | {field: value}).status_code == 204
    call = Call.objects.get(call_sid=SID)
    assert call.status == CallStatus.COMPLETED
    assert call.started_at <= call.ended_at


def test_a_clock_of_the_carrier_that_runs_ahead_puts_no_end_into_the_future(owner):
    post("/api/twilio/voice/incoming", incoming_form(make_number(owner).phone_number))
    path, form = fields_of("completed")
    ahead = datetime.now(UTC) + timedelta(hours=3)
    post(f"/api/twilio/voice/{path}", form | {"Timestamp": format_datetime(ahead)})
    call = Call.objects.get(call_sid=SID)
    assert call.started_at <= call.ended_at <= datetime.now(UTC)
