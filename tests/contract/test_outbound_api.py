"""Calling somebody: what the API answers, and whom it lets nobody call."""

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from telephony.models import (
    Call,
    Campaign,
    DoNotCall,
    OutboundTerms,
    SimulatedCall,
    Switch,
    UsageCounter,
)
from telephony.tombstones import tombstone
from tests.contract.api_client import ApiClient, field_errors, problem_of
from tests.factories import make_call, make_number
from tests.peers.twilio_rest import Refused, TwilioAccount, twilio_peer

CALLEE = "+15105550147"
# Noon in San Francisco, three in the afternoon in New York.
NOON = datetime(2026, 11, 25, 20, 0, tzinfo=UTC)

pytestmark = pytest.mark.W7


@pytest.fixture(autouse=True)
def noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def number(owner):
    return make_number(owner)


@pytest.fixture
def api(owner) -> ApiClient:
    return ApiClient(owner)


@pytest.fixture
def campaign(owner):
    return Campaign.objects.create(owner=owner, name="Visits", purpose="Confirm visits.")


@pytest.fixture
def account(settings, owner) -> Iterator[TwilioAccount]:
    """Calls are real, the owner has accepted the terms, and her number is the account's."""
    with twilio_peer() as account:
        settings.TELEPHONY = account.backend()
        sid = "PN" + "0" * 32
        number = make_number(owner, phone_number="+14155550120", twilio_phone_sid=sid)
        account.sold[sid] = {"PhoneNumber": number.phone_number}
        OutboundTerms.objects.create(owner=owner)
        yield account


@pytest.mark.W10
def test_a_simulated_call_is_placed_logged_and_left_to_the_simulator(api, number, caplog):
    with caplog.at_level(logging.INFO):
        answer = api.place_call(phoneNumber=CALLEE)
    call = Call.objects.get()
    assert (answer.status_code, answer.json()) == (
        201,
        {"id": str(call.id), "callSid": call.call_sid, "status": "ringing", "simulated": True},
    )
    assert re.fullmatch("SIMULATED_CALL_[0-9a-f]{32}", call.call_sid)
    [logged] = [record for record in caplog.records if record.msg == "simulated call placed"]
    assert (logged.call_sid, logged.to) == (call.call_sid, "…0147")
    assert CALLEE not in caplog.text
    assert SimulatedCall.objects.get().call == call


def test_the_row_says_who_called_whom_and_why(api, number, campaign):
    api.place_call(phoneNumber=CALLEE, campaignId=str(campaign.id))
    call = Call.objects.get()
    assert (call.direction, call.from_number, call.to_number) == (
        "outbound", number.phone_number, CALLEE,
    )  # fmt: skip
    assert (call.owner, call.campaign, call.call_type) == (number.user, campaign, "live")


def test_without_an_active_number_nobody_is_called(api):
    problem_of(api.place_call(phoneNumber=CALLEE), 409, "no_number")


@pytest.mark.parametrize("whose", ["stranger", "nobody", "ended"])
def test_a_campaign_that_is_foreign_or_ended_is_not_found(api, number, campaign, stranger, whose):
    campaign_id = str(campaign.id)
    if whose == "stranger":
        Campaign.objects.update(owner=stranger)
    elif whose == "ended":
        Campaign.objects.update(is_active=False)
    else:
        Campaign.objects.all().delete()
    answer = api.place_call(phoneNumber=CALLEE, campaignId=campaign_id)
    problem_of(answer, 404, "campaign_not_found")
    assert not Call.objects.exists()


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("911", "emergency_number"),
        ("72345", "short_code"),
        ("+19005550100", "premium_number"),
        ("+870773111632", "satellite_number"),
        ("+448431234567", "premium_number"),
        ("+443031234567", "number_type_not_allowed"),
        ("+442079460018", "country_not_allowed"),
        ("+18765550123", "country_not_allowed"),
        ("+11234567890", "not_callable"),
    ],
)
def test_each_kind_of_number_is_refused_by_its_own_code(api, number, typed, code):
    problem_of(api.place_call(phoneNumber=typed), 422, code)
    assert not Call.objects.exists()


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"phoneNumber": "required"}),
        ({"phoneNumber": None}, {"phoneNumber": "null"}),
        ({"phoneNumber": 911}, {"phoneNumber": "invalid"}),
        ({"phoneNumber": "(510) 555-0147"}, {"phoneNumber": "invalid_phone_number"}),
        ({"phoneNumber": "+1510555\x000147"}, {"phoneNumber": "invalid_phone_number"}),
        ({"phoneNumber": CALLEE, "campaignId": "x"}, {"campaignId": "invalid_id"}),
        ({"phoneNumber": CALLEE, "campaignId": 7}, {"campaignId": "invalid_id"}),
        ({"phoneNumber": CALLEE, "campaign": "x"}, {"campaign": "unknown_field"}),
    ],
)
def test_what_cannot_be_read_is_refused_by_field(api, number, body, errors):
    assert field_errors(api.place_call(**body)) == errors


@pytest.mark.W9
def test_no_agent_calls_an_agent(api, number, stranger):
    other = make_number(stranger)
    for callee in (number.phone_number, other.phone_number):
        problem_of(api.place_call(phoneNumber=callee), 422, "own_number")


@pytest.mark.parametrize(
    ("hour_utc", "refused"),
    [(16, True), (17, False), (3, False), (4, True)],  # 8:00, 9:00, 19:00 and 20:00 at the callee
)
def test_people_are_called_by_day_where_they_are(api, number, noon, hour_utc, refused):
    noon.move_to(NOON.replace(hour=hour_utc))
    answer = api.place_call(phoneNumber=CALLEE)
    if refused:
        problem_of(answer, 422, "quiet_hours")
    else:
        assert answer.status_code == 201


def test_who_is_on_the_list_is_not_called_by_this_owner(api, number, owner, stranger):
    DoNotCall.objects.create(owner=owner, phone_number=CALLEE)
    make_number(stranger)
    problem_of(api.place_call(phoneNumber=CALLEE), 422, "do_not_call")
    assert ApiClient(stranger).place_call(phoneNumber=CALLEE).status_code == 201


def test_whose_wish_outlives_her_number_is_not_called(api, number, owner):
    DoNotCall.objects.create(owner=owner, phone_number=tombstone(CALLEE), source="voice")
    problem_of(api.place_call(phoneNumber=CALLEE), 422, "do_not_call")


def test_one_call_at_a_time(api, number):
    api.place_call(phoneNumber=CALLEE)
    problem_of(api.place_call(phoneNumber="+15105550148"), 422, "call_running")


def finish_calls(**fields) -> None:
    Call.objects.update(status="completed", ended_at=timezone.now(), **fields)


def test_calls_of_a_day_are_counted(api, number, settings):
    settings.OUTBOUND_CALLS_PER_DAY = 2
    for _ in range(2):
        assert api.place_call(phoneNumber=CALLEE).status_code == 201
        finish_calls()
    problem_of(api.place_call(phoneNumber=CALLEE), 422, "daily_calls_used")


def test_calls_of_all_owners_are_counted_together(api, number, stranger, settings):
    settings.OUTBOUND_CALLS_PER_DAY_IN_ALL = 1
    make_number(stranger)
    assert ApiClient(stranger).place_call(phoneNumber=CALLEE).status_code == 201
    problem_of(api.place_call(phoneNumber=CALLEE), 422, "all_calls_used")


def test_minutes_of_a_day_are_counted(api, number, settings):
    settings.OUTBOUND_MINUTES_PER_DAY = 1
    assert api.place_call(phoneNumber=CALLEE).status_code == 201
    finish_calls(duration_s=60)
    problem_of(api.place_call(phoneNumber=CALLEE), 422, "daily_minutes_used")


def test_a_refused_number_costs_nothing_of_the_day(api, number):
    api.place_call(phoneNumber="+19005550100")
    assert not UsageCounter.objects.filter(kind="call").exists()


@pytest.mark.parametrize("kind", [Switch.Kind.OUTBOUND, Switch.Kind.AGENT])
@pytest.mark.parametrize("for_all", [True, False])
def test_staff_can_switch_calling_off(api, number, kind, for_all):
    Switch.objects.create(kind=kind, number=None if for_all else number, reason="abuse")
    problem_of(api.place_call(phoneNumber=CALLEE), 409, "outbound_off")


def test_a_switch_that_has_run_out_or_is_anothers_does_not_count(api, number, stranger):
    ended = timezone.now() - timedelta(seconds=1)
    Switch.objects.create(kind=Switch.Kind.OUTBOUND, reason="abuse", until=ended)
    Switch.objects.create(kind=Switch.Kind.AGENT, number=make_number(stranger), reason="x")
    assert api.place_call(phoneNumber=CALLEE).status_code == 201


def test_the_same_key_gives_the_same_call(api, number):
    first, second = (api.place_call(key="k1", phoneNumber=CALLEE) for _ in range(2))
    assert (first.json(), first.status_code) == (second.json(), 201)
    assert Call.objects.count() == 1


def test_a_key_of_another_call_or_of_a_purchase_is_refused(api, number, owner):
    api.place_call(key="k1", phoneNumber=CALLEE)
    answer = api.place_call(key="k1", phoneNumber="+15105550148")
    problem_of(answer, 422, "idempotency_key_reused")
    body = {"phoneNumber": "+14155550132", "country": "US"}
    bought = api.post(
        "/api/telephony/twilio/purchase-number",
        body,
        content_type="application/json",
        headers={"Idempotency-Key": "k1"},
    )
    problem_of(bought, 422, "idempotency_key_reused")


def test_a_real_call_waits_for_the_terms(api, account):
    OutboundTerms.objects.all().delete()
    problem = problem_of(api.place_call(phoneNumber=CALLEE), 409, "outbound_terms_needed")
    assert f" {reverse('outbound_terms')};" in problem["detail"]
    assert account.calls == {}


def test_a_real_call_names_its_row_in_both_addresses(api, account, settings):
    answer = api.place_call(phoneNumber=CALLEE)
    call = Call.objects.get()
    assert (answer.status_code, answer.json()["simulated"]) == (201, False)
    form = account.calls[call.call_sid].form
    base = f"{settings.PUBLIC_BASE_URL}/api/twilio/voice"
    assert form["Url"] == [f"{base}/incoming?call={call.id}"]
    assert form["StatusCallback"] == [f"{base}/status?call={call.id}"]
    assert (form["Timeout"], form["MachineDetection"]) == (["30"], ["DetectMessageEnd"])
    assert not SimulatedCall.objects.exists()


@pytest.mark.parametrize(
    ("policy", "detection"),
    [("message", ["DetectMessageEnd"]), ("hang_up", ["Enable"]), ("talk", None)],
)
def test_machines_are_told_apart_as_the_setting_needs_it(api, account, settings, policy, detection):
    settings.OUTBOUND_MACHINE = policy
    api.place_call(phoneNumber=CALLEE)
    [call] = account.calls.values()
    assert call.form.get("MachineDetection") == detection


@pytest.mark.parametrize(
    ("twilio_code", "status", "code"),
    [
        (21215, 422, "country_not_allowed"),
        (21214, 422, "not_callable"),
        (10004, 503, "provider_busy"),
        (21210, 502, "provider_refused"),
    ],
)
def test_what_the_provider_refuses_has_failed(api, account, twilio_code, status, code):
    account.faults["POST"] = Refused(400, twilio_code)
    problem_of(api.place_call(phoneNumber=CALLEE), status, code)
    call = Call.objects.get()
    assert (call.status, call.failure_code, call.end_reason) == ("failed", code, "not_placed")


def test_a_key_whose_call_was_refused_for_a_moment_is_free_again(api, account):
    account.faults["POST"] = Refused(400, 10004)
    problem_of(api.place_call(key="k1", phoneNumber=CALLEE), 503, "provider_busy")
    account.faults.clear()
    placed, again = (api.place_call(key="k1", phoneNumber=CALLEE) for _ in range(2))
    assert (placed.status_code, again.json()) == (201, placed.json())
    assert len(account.calls) == 1


@pytest.mark.parametrize(
    ("twilio_code", "status", "code"),
    [(21214, 422, "not_callable"), (21210, 502, "provider_refused")],
)
def test_a_key_whose_call_was_refused_for_good_gives_the_same_refusal(
    api, account, twilio_code, status, code
):
    account.faults["POST"] = Refused(400, twilio_code)
    first = problem_of(api.place_call(key="k1", phoneNumber=CALLEE), status, code)
    account.faults.clear()
    again = problem_of(api.place_call(key="k1", phoneNumber=CALLEE), status, code)
    assert again["detail"] == first["detail"]
    assert account.calls == {}


@pytest.mark.parametrize("fault", ["drop", "garbled", "500"])
def test_an_unclear_answer_is_accepted_and_asked_for_once(api, account, fault):
    account.faults["POST"] = fault
    answer = api.place_call(key="k1", phoneNumber=CALLEE)
    assert (answer.status_code, answer.json()["callSid"]) == (202, None)
    again = api.place_call(key="k1", phoneNumber=CALLEE)
    assert (again.status_code, again.json()) == (202, answer.json())
    assert len([request for request in account.requests if request.startswith("POST")]) == 1


def test_an_unclear_call_blocks_the_next_until_it_can_ring_no_more(api, account, noon):
    account.faults["POST"] = "drop"
    api.place_call(phoneNumber=CALLEE)
    account.faults.clear()
    problem_of(api.place_call(phoneNumber=CALLEE), 422, "call_running")
    noon.shift(91)
    assert api.place_call(phoneNumber=CALLEE).status_code == 201
    given_up = Call.objects.order_by("started_at").first()
    assert (given_up.status, given_up.end_reason) == ("failed", "not_placed")
    assert given_up.failure_code == "provider_unclear"


def test_calls_that_the_forwarding_check_makes_are_no_conversations(api, number):
    make_call(number, direction="outbound", purpose="forwarding_check")
    assert api.place_call(phoneNumber=CALLEE).status_code == 201
