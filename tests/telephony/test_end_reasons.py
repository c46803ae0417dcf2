"""Why a call ended: one case for each reason there is."""

import pytest

from agent.session import AgentOutcome
from telephony import calls
from telephony.end_reasons import EndReason
from telephony.models import CallStatus, CarrierRecording, Direction, StreamState
from tests.factories import make_call, make_number

TALKED = {"status": CallStatus.COMPLETED, "stream_state": StreamState.CLOSED}
TONE = {"status": CallStatus.COMPLETED, "carrier_records": True}

CASES = [
    pytest.param(
        {**TALKED, "agent_outcome": AgentOutcome.FINISHED}, False, EndReason.AGENT_FINISHED
    ),
    pytest.param({**TALKED, "agent_outcome": AgentOutcome.TIME_LIMIT}, False, EndReason.TIME_LIMIT),
    pytest.param(
        {**TALKED, "agent_outcome": AgentOutcome.CALLER_LEFT}, False, EndReason.CALLER_HUNG_UP
    ),
    pytest.param(
        {**TALKED, **TONE, "agent_outcome": AgentOutcome.FAILED},
        True,
        EndReason.MESSAGE_AFTER_FAILURE,
    ),
    pytest.param(
        {**TALKED, **TONE, "agent_outcome": AgentOutcome.CALLER_LEFT},
        True,
        EndReason.MESSAGE_AFTER_FAILURE,
        id="socket-lost-message-taken",
    ),
    pytest.param(
        {**TONE, "carrier_fell_back": True},
        True,
        EndReason.MESSAGE_AFTER_FAILURE,
        id="fallback-message-taken",
    ),
    pytest.param(
        {**TALKED, **TONE, "agent_outcome": AgentOutcome.FAILED},
        False,
        EndReason.FAILED_WITHOUT_MESSAGE,
    ),
    pytest.param(
        {**TONE, "stream_state": StreamState.ISSUED},
        True,
        EndReason.MESSAGE_AFTER_FAILURE,
        id="stream-never-opened-message-taken",
    ),
    pytest.param(
        {**TONE, "stream_state": StreamState.ISSUED},
        False,
        EndReason.FAILED_WITHOUT_MESSAGE,
        id="stream-never-opened",
    ),
    pytest.param(TONE, True, EndReason.MESSAGE_TAKEN),
    pytest.param(TONE, False, EndReason.NO_MESSAGE),
    pytest.param({"status": CallStatus.NO_ANSWER}, False, EndReason.CALLER_HUNG_UP_EARLY),
    pytest.param(
        {"status": CallStatus.COMPLETED, "stream_state": StreamState.ISSUED},
        False,
        EndReason.CALLER_HUNG_UP_EARLY,
        id="left-during-the-notice",
    ),
    pytest.param({"status": CallStatus.FAILED}, False, EndReason.NOT_CONNECTED),
    pytest.param({"status": CallStatus.BUSY}, False, EndReason.NOT_CONNECTED, id="busy"),
    pytest.param(
        {"status": CallStatus.COMPLETED, "stream_state": StreamState.OPEN}, False, EndReason.UNKNOWN
    ),
]

OUT = {"direction": Direction.OUTBOUND}
TALKED_OUT = OUT | TALKED
CASES += [
    pytest.param(OUT | {"status": "failed", "call_sid": None}, False, EndReason.NOT_PLACED),
    pytest.param(OUT | {"status": "busy"}, False, EndReason.LINE_BUSY),
    pytest.param(OUT | {"status": "no-answer"}, False, EndReason.NOBODY_ANSWERED),
    pytest.param(OUT | {"status": "canceled"}, False, EndReason.NOBODY_ANSWERED, id="canceled"),
    pytest.param(OUT | {"status": "failed"}, False, EndReason.NOT_CONNECTED, id="out-failed"),
    pytest.param(TALKED_OUT | {"agent_outcome": "finished"}, False, EndReason.ALOHA_SAID_GOODBYE),
    pytest.param(
        TALKED_OUT | {"agent_outcome": "time_limit"}, False, EndReason.TIME_LIMIT, id="out-limit"
    ),
    pytest.param(TALKED_OUT | {"agent_outcome": "opted_out"}, False, EndReason.CALLEE_OPTED_OUT),
    pytest.param(
        TALKED_OUT | {"agent_outcome": "opted_out_by_key"},
        False,
        EndReason.CALLEE_OPTED_OUT,
        id="pressed-9",
    ),
    pytest.param(TALKED_OUT | {"agent_outcome": "caller_left"}, False, EndReason.CALLEE_HUNG_UP),
    pytest.param(
        OUT | {"status": "completed", "stream_state": StreamState.ISSUED},
        False,
        EndReason.CALLEE_HUNG_UP,
        id="callee-left-during-the-notice",
    ),
    pytest.param(TALKED_OUT | {"agent_outcome": "failed"}, False, EndReason.AGENT_FAILED_CALLING),
    pytest.param(
        OUT | {"status": "completed", "answered_by": "machine_end_beep"},
        False,
        EndReason.MACHINE_ANSWERED,
    ),
    pytest.param(
        OUT | {"status": "completed", "stream_state": StreamState.OPEN},
        False,
        EndReason.UNKNOWN,
        id="out-process-died",
    ),
]


@pytest.fixture
def number(owner):
    return make_number(owner)


def settled(call):
    calls.settle_end_reason(call.id)
    call.refresh_from_db()
    return call.end_reason


@pytest.mark.parametrize(("fields", "has_message", "reason"), CASES)
def test_a_call_that_is_over_says_why(number, fields, has_message, reason):
    call = make_call(number, **fields)
    if has_message:
        CarrierRecording.objects.create(call=call, sid="SIMULATED_RECORDING_" + "c" * 32)
    assert settled(call) == reason


def test_every_reason_has_a_case():
    assert {case.values[2] for case in CASES} == set(EndReason)


def test_a_call_that_goes_on_has_no_reason(number):
    assert settled(make_call(number, status=CallStatus.IN_PROGRESS)) == ""


def test_a_message_that_arrives_after_the_end_changes_the_reason(number):
    call = make_call(number, **TONE)
    assert settled(call) == EndReason.NO_MESSAGE
    calls.expect_recording(call.call_sid, "SIMULATED_RECORDING_" + "d" * 32)
    call.refresh_from_db()
    assert call.end_reason == EndReason.MESSAGE_TAKEN


def test_an_agent_that_reports_after_the_carrier_changes_the_reason(number):
    call = make_call(number, status=CallStatus.COMPLETED, stream_state=StreamState.OPEN)
    assert settled(call) == EndReason.UNKNOWN
    calls.close_stream(call.id, AgentOutcome.CALLER_LEFT)
    call.refresh_from_db()
    assert call.end_reason == EndReason.CALLER_HUNG_UP
