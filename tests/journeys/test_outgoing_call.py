"""An owner has somebody called: the simulator plays the callee, and the call log fills."""

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection

from accounts.row_security import service_scope
from agent.speech import prompts
from telephony.backends.base import backend_for_call
from telephony.models import Call, Campaign, DoNotCall, SimulatedCall
from telephony.simulator.switchboard import Switchboard, claim_calls, play_waiting_calls
from tests.contract.api_client import ApiClient
from tests.factories import make_number

CALLEES = {name: f"+1510555014{digit}" for digit, name in enumerate(
    ["answers", "busy", "no_answer", "machine", "opts_out"]
)}  # fmt: skip
NOTE = "<Response><Say>You will not be called again. Goodbye.</Say><Hangup/></Response>"

pytestmark = pytest.mark.W10


@pytest.fixture
def number(owner, settings):
    settings.OUTBOUND_FIRST_HOUR, settings.OUTBOUND_LAST_HOUR = 0, 24
    return make_number(owner)


def place(owner, callee: str, **body) -> Call:
    answer = ApiClient(owner).place_call(phoneNumber=CALLEES[callee], **body)
    assert answer.status_code == 201
    return Call.objects.get(id=answer.json()["id"])


def played(owner, callee: str) -> Call:
    """The call when it is over."""
    call = place(owner, callee)
    assert play_waiting_calls() == 1
    call.refresh_from_db()
    assert SimulatedCall.objects.get().finished_at is not None
    return call


def wait_for(is_so: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came to pass"
        time.sleep(0.05)


def test_a_busy_line(aloha_url, owner, number):
    call = played(owner, "busy")
    assert (call.status, call.end_reason, call.answered_at) == ("busy", "line_busy", None)
    assert call.events.filter(kind="status").count() == 3


def test_nobody_answers_within_the_ring_time(aloha_url, owner, number, settings):
    settings.OUTBOUND_RING_SECONDS = 1
    call = played(owner, "no_answer")
    assert (call.status, call.end_reason) == ("no-answer", "nobody_answered")


@pytest.mark.W7
def test_somebody_presses_9_and_is_never_called_again(aloha_url, owner, number):
    call = played(owner, "opts_out")
    assert (call.status, call.end_reason) == ("completed", "callee_opted_out")
    assert DoNotCall.objects.get().phone_number == CALLEES["opts_out"]
    again = ApiClient(owner).place_call(phoneNumber=CALLEES["opts_out"])
    assert (again.status_code, again.json()["code"]) == (422, "do_not_call")


@pytest.mark.check
def test_somebody_answers_and_says_what_to_pass_on(aloha_url, owner, number):
    campaign = Campaign.objects.create(owner=owner, name="Visits", purpose="Confirm visits.")
    call = place(owner, "answers", campaignId=str(campaign.id))
    play_waiting_calls()
    call.refresh_from_db()
    said = [line.text for line in call.transcript.filter(role="agent")]
    assert (said[0], said[-1]) == (
        prompts.text_of("greeting_outbound"), prompts.text_of("goodbye_outbound"),
    )  # fmt: skip
    assert call.transcript.filter(role="caller").exists()
    assert (call.status, call.end_reason) == ("completed", "aloha_said_goodbye")
    assert (call.answered_by, call.campaign) == ("human", campaign)
    assert call.answered_at is not None
    assert call.duration_s is not None


@pytest.mark.check
def test_a_machine_gets_the_short_message(aloha_url, owner, number):
    call = played(owner, "machine")
    assert (call.status, call.end_reason) == ("completed", "machine_answered")
    assert (call.answered_by, call.agent_backend) == ("machine_end_beep", "")


@pytest.mark.parametrize("order", ["end", "redirect"])
def test_the_carriers_orders_are_obeyed_by_a_call_that_runs(aloha_url, owner, number, order):
    with Switchboard():
        call = place(owner, "answers")
        wait_for(lambda: Call.objects.filter(status="in-progress").exists())
        backend = backend_for_call(simulated=True)
        if order == "end":
            backend.end_call(call.call_sid)
        else:
            backend.redirect_call(call.call_sid, document=NOTE)
        wait_for(lambda: Call.objects.filter(status="completed").exists())
    call.refresh_from_db()
    assert call.duration_s < 10
    assert call.stream_state in {"none", "issued"}


def test_a_worker_that_stops_ends_its_calls_properly(aloha_url, owner, number):
    with Switchboard():
        call = place(owner, "answers")
        wait_for(lambda: Call.objects.filter(status="in-progress").exists())
    call.refresh_from_db()
    assert call.status == "completed"


def test_a_call_is_claimed_once(owner, number, transactional_db):
    place(owner, "answers")
    claimed: list[object] = []
    threads = [threading.Thread(target=_claim_into, args=(claimed,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == 1
    with service_scope():
        assert claim_calls(10) == []


def _claim_into(claimed: list[object]) -> None:
    try:
        with service_scope():
            claimed += claim_calls(10)
    finally:
        connection.close()
