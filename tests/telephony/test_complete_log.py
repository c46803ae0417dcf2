"""W8: every call that was taken gets a final status, an end reason and a duration.

Also when every callback is lost, comes a day late, or holds what no form should.
"""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import time_machine

from agent.session import AgentOutcome
from telephony import calls
from telephony.end_reasons import EndReason
from telephony.models import (
    Call,
    CallEvent,
    CallStatus,
    Direction,
    StreamState,
    Switch,
    TranscriptLine,
)
from telephony.stale_calls import close_stale_calls
from tests.factories import make_call, make_number
from tests.telephony.carrier import SID, incoming_form, post

INCOMING, STATUS = "/api/twilio/voice/incoming", "/api/twilio/voice/status"
AFTER_STREAM, RECORDING = "/api/twilio/voice/after-stream", "/api/twilio/voice/recording"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)

pytestmark = pytest.mark.W8


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def number(owner):
    return make_number(owner)


def ring(number, **fields: str) -> Call:
    assert post(INCOMING, incoming_form(number.phone_number, **fields)).status_code == 200
    return Call.objects.get(call_sid=SID)


def status_form(status: str, **fields: str) -> dict[str, str]:
    return {"CallSid": SID, "AccountSid": "AC" + "0" * 32, "CallStatus": status} | fields


def swept(call: Call, clock, after: timedelta = DAY) -> Call:
    clock.move_to(NOON + after)
    assert close_stale_calls() == 1
    call.refresh_from_db()
    return call


def agent_leaves(call: Call, outcome: AgentOutcome) -> None:
    calls.claim_stream(call.stream_token)
    calls.close_stream(call.id, outcome)


def test_a_call_that_comes_in_is_answered_by_the_first_twiml(clock, number):
    assert ring(number).answered_at == NOON


@pytest.mark.parametrize(
    ("lost_after", "reason"),
    [
        pytest.param("ringing", EndReason.CALLER_HUNG_UP_EARLY, id="stream never opened"),
        pytest.param("talking", EndReason.UNKNOWN, id="server died while talking"),
        pytest.param(AgentOutcome.FINISHED, EndReason.AGENT_FINISHED, id="goodbye said"),
        pytest.param(AgentOutcome.TIME_LIMIT, EndReason.TIME_LIMIT, id="time was up"),
        pytest.param(AgentOutcome.CALLER_LEFT, EndReason.CALLER_HUNG_UP, id="caller left"),
        pytest.param(AgentOutcome.FAILED, EndReason.FAILED_WITHOUT_MESSAGE, id="agent failed"),
    ],
)
def test_a_call_whose_callbacks_are_all_lost_is_complete_in_the_log(
    clock, number, lost_after, reason
):
    call = ring(number)
    clock.shift(30)
    if lost_after == "talking":
        calls.claim_stream(call.stream_token)
    elif isinstance(lost_after, AgentOutcome):
        agent_leaves(call, lost_after)
    call = swept(call, clock)
    assert (call.status, call.end_reason) == (CallStatus.COMPLETED, reason)
    assert call.duration_s == (30 if isinstance(lost_after, AgentOutcome) else 0)
    assert call.ended_at == call.started_at + timedelta(seconds=call.duration_s)


def test_so_is_one_that_only_voicemail_took(clock, number):
    Switch.objects.create(kind=Switch.Kind.AGENT, reason="outage")
    call = swept(ring(number), clock)
    assert (call.status, call.end_reason) == (CallStatus.COMPLETED, EndReason.NO_MESSAGE)
    assert call.duration_s == 0


def test_so_is_one_that_we_placed_and_nobody_answered(clock, number):
    call = swept(make_call(number, direction=Direction.OUTBOUND), clock)
    assert (call.status, call.duration_s) == (CallStatus.NO_ANSWER, 0)
    assert call.end_reason


def test_its_end_is_when_something_was_last_said(clock, number):
    call = ring(number)
    TranscriptLine.objects.create(
        call=call, position=0, role="caller", start_ms=1_000, end_ms=42_000, source="none"
    )
    call = swept(call, clock)
    assert (call.duration_s, call.ended_at) == (42, NOON + timedelta(seconds=42))


def test_a_call_that_may_still_go_on_is_left_alone(clock, number):
    ring(number)
    Call.objects.update(stream_state=StreamState.OPEN)
    clock.shift(12 * 60)
    assert close_stale_calls() == 0


def test_sweeping_again_changes_nothing(clock, number):
    before = swept(ring(number), clock).ended_at
    clock.shift(3_600)
    assert close_stale_calls() == 0
    assert Call.objects.get().ended_at == before


def test_the_carriers_word_replaces_the_sweepers_guess_however_late(clock, number):
    call = swept(ring(number), clock)
    post(STATUS, status_form("completed", CallDuration="97"))
    call.refresh_from_db()
    assert call.duration_s == 97
    assert call.ended_at == NOON + timedelta(seconds=97)
    assert not call.events.filter(kind="closed-unreported").exists()


def test_a_guess_that_nobody_answered_gives_way_to_completed(clock, number):
    call = swept(make_call(number, call_sid=SID, direction=Direction.OUTBOUND), clock)
    ended = format_datetime(NOON + timedelta(seconds=50))
    post(STATUS, status_form("completed", CallDuration="20", Timestamp=ended))
    call.refresh_from_db()
    assert (call.status, call.duration_s) == (CallStatus.COMPLETED, 20)
    assert call.ended_at == NOON + timedelta(seconds=50)


def test_what_the_carrier_said_is_not_replaced_by_what_it_says_a_day_later(clock, number):
    call = ring(number)
    post(STATUS, status_form("completed", CallDuration="20"))
    clock.move_to(NOON + DAY)
    for status in ("in-progress", "busy", "completed"):
        post(STATUS, status_form(status))
    call.refresh_from_db()
    assert (call.status, call.duration_s) == (CallStatus.COMPLETED, 20)


@pytest.mark.parametrize(
    ("status", "seconds"), [("completed", 40), ("no-answer", 0), ("canceled", 0), ("busy", 0)]
)
def test_an_end_reported_without_its_length_gets_one(clock, number, status, seconds):
    call = ring(number)
    clock.shift(40)
    post(STATUS, status_form(status))
    call.refresh_from_db()
    assert call.duration_s == seconds
    assert call.end_reason


def test_a_call_id_that_comes_back_a_day_later_is_hung_up_and_opens_no_second_call(clock, number):
    call = ring(number)
    post(STATUS, status_form("completed", CallDuration="20"))
    before = Call.objects.values().get()
    clock.move_to(NOON + DAY)
    answer = post(INCOMING, incoming_form(number.phone_number))
    assert b"<Hangup" in answer.content
    assert call.stream_token.encode() not in answer.content
    assert Call.objects.values().get() == before


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        pytest.param(STATUS, {"CallStatus": "completed"}, 204, id="status"),
        pytest.param(
            "/api/twilio/voice/stream-status",
            {"StreamEvent": "stream-stopped", "StreamSid": "MZ1"},
            204,
            id="stream",
        ),
        pytest.param(
            RECORDING,
            {"RecordingSid": "RE" + "b" * 32, "RecordingStatus": "completed"},
            204,
            id="recording",
        ),
        pytest.param(AFTER_STREAM, {}, 200, id="after the stream"),
    ],
)
def test_a_callback_of_an_unknown_call_is_answered_and_leaves_nothing(db, path, form, status):
    form = {"CallSid": SID, "AccountSid": "AC" + "0" * 32} | form
    assert post(path, form).status_code == status
    assert not Call.objects.exists()
    assert not CallEvent.objects.exists()


def test_a_callback_is_kept_as_it_came_and_as_it_was_read(clock, number):
    call = ring(number)
    ended = format_datetime(NOON)
    post(STATUS, status_form("completed", CallDuration="7", SequenceNumber="3", Timestamp=ended))
    event = call.events.get(kind="status")
    assert event.payload["CallDuration"] == ["7"]
    assert event.payload["AccountSid"] == ["AC" + "0" * 32]
    assert event.facts == {
        "status": "completed",
        "sequence": 3,
        "at": NOON.isoformat(),
        "durationSeconds": 7,
    }


def test_every_kind_of_callback_is_kept_with_what_was_read(clock, number):
    call = ring(number)
    stream = {"StreamEvent": "stream-started", "StreamSid": "MZ1"}
    post("/api/twilio/voice/stream-status", status_form("in-progress", **stream))
    recorded = {"RecordingSid": "SIMULATED_RECORDING_" + "b" * 32, "RecordingStatus": "completed"}
    post(RECORDING, status_form("in-progress", **recorded))
    post(AFTER_STREAM, status_form("in-progress"))
    assert dict(call.events.values_list("kind", "facts")) == {
        "stream-started": {"streamSid": "MZ1"},
        "recording": {"recordingSid": recorded["RecordingSid"], "status": "completed"},
        "after-stream": {"callIsOver": False},
    }


@pytest.mark.parametrize(
    "name", [pytest.param("x" * 4_000, id="4,000 characters"), pytest.param("A\0B", id="NUL")]
)
def test_names_that_no_form_should_hold_break_neither_log_nor_page(clock, number, client, name):
    call = ring(number, CallerName=name)
    post(STATUS, status_form("completed", CallDuration="7", CallerName=name))
    assert call.events.get(kind="status").payload["CallerName"] == [name.replace("\0", "")]
    client.force_login(number.user)
    for path in ("/aloha/calls", f"/aloha/calls/{call.id}", f"/api/calls/{call.id}"):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("value", ["x" * 4_000, "+1510\x005"])
def test_a_caller_id_that_nobody_can_have_is_refused(number, value):
    assert post(INCOMING, incoming_form(number.phone_number, From=value)).status_code == 400
    assert not Call.objects.exists()
