"""V3: a test of forwarding from its start to its verdict, with the carrier's real requests."""

from datetime import timedelta

import pytest
import time_machine

from telephony.errors import NotCallable, RateLimited
from telephony.models import Call, SimulatedCall, SimulatedOrder, UserPhoneNumber
from tests.factories import make_call
from tests.telephony.carrier import incoming_form, post
from tests.voicemail.checks import (
    NOW,
    OWN_PHONE,
    RETURNED_SID,
    came_back,
    forwarding_number,
    later,
    make_check,
    picked_up,
    status,
)
from voicemail.errors import CheckRunning, NothingToCheck
from voicemail.forwarding import DEADLINE, settle_checks, start_check, stop_check
from voicemail.models import CheckOutcome, ForwardingCheck, Message, OwnPhone
from voicemail.processing import collect_messages

pytestmark = pytest.mark.V3


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def number(owner) -> UserPhoneNumber:
    return forwarding_number(owner)


@pytest.fixture
def check(number) -> ForwardingCheck:
    return start_check(number=number, now=NOW)


def outcome(check: ForwardingCheck, *, at=NOW) -> str:
    settle_checks(now=at)
    check.refresh_from_db()
    return check.outcome


def proven_at(number: UserPhoneNumber):
    return UserPhoneNumber.objects.get(pk=number.pk).forwarding_verified_at


# --- Starting ---


def test_a_check_rings_the_owners_phone_from_her_aloha_number(check, number):
    probe = Call.objects.get(pk=check.probe_id)
    assert (probe.from_number, probe.to_number) == (number.phone_number, OWN_PHONE)
    assert (probe.direction, probe.purpose) == ("outbound", "forwarding_check")
    assert probe.call_sid.startswith("SIMULATED_CALL_")


def test_the_test_number_of_the_installation_rings_where_there_is_one(number, settings):
    settings.FORWARDING_CHECK_NUMBER = "+14155550100"
    check = start_check(number=number, now=NOW)
    assert check.probe.from_number == "+14155550100"


def test_the_simulated_phone_does_what_the_owner_chose(number, owner):
    OwnPhone.objects.create(user=owner, simulated_phone="declined")
    check = start_check(number=number, now=NOW)
    assert SimulatedCall.objects.get(call=check.probe).callee == "declined"


def test_one_check_runs_at_a_time(check, number):
    with pytest.raises(CheckRunning):
        start_check(number=number, now=NOW)


def test_the_fourth_check_within_an_hour_is_refused(number):
    for _ in range(3):
        start_check(number=number, now=NOW)
        stop_check(number=number, now=NOW)
    with pytest.raises(RateLimited):
        start_check(number=number, now=NOW)
    assert ForwardingCheck.objects.count() == 3


@pytest.mark.parametrize(
    "off",
    [
        {"forwarding_enabled": False, "forwarding_confirmed": False},
        {
            "forwarding_enabled": False,
            "forwarding_confirmed": False,
            "external_phone_number": None,
        },
    ],
)
def test_without_forwarding_there_is_nothing_to_check(owner, off):
    with pytest.raises(NothingToCheck):
        start_check(number=forwarding_number(owner, **off), now=NOW)
    assert not Call.objects.exists()


def test_a_phone_that_cannot_be_called_ends_the_check_at_once(owner):
    number = forwarding_number(owner, external_phone_number="+1415555")
    with pytest.raises(NotCallable):
        start_check(number=number, now=NOW)
    check = ForwardingCheck.objects.get()
    assert (check.outcome, check.probe.status) == (CheckOutcome.NOT_PLACED, "failed")
    assert check.refusal


# --- Coming back ---


@pytest.mark.parametrize(
    "as_seen",
    [
        pytest.param({"ForwardedFrom": OWN_PHONE}, id="forwards"),
        pytest.param({}, id="hides ForwardedFrom"),
        pytest.param({"from_number": OWN_PHONE}, id="rewrites the caller"),
        pytest.param({"from_number": "4155550178"}, id="rewrites the caller, nationally"),
        pytest.param(
            {"from_number": "00" + OWN_PHONE[1:]}, id="with the prefix of other countries"
        ),
    ],
)
def test_a_call_that_comes_back_proves_forwarding_and_is_not_answered(check, number, as_seen):
    document = came_back(check, **as_seen)
    assert "<Reject" in document
    assert outcome(check, at=later(21)) == CheckOutcome.PROVEN
    assert proven_at(number) == later(21)


def test_the_phone_stops_ringing_once_forwarding_is_proven(check):
    came_back(check)
    outcome(check)
    assert SimulatedOrder.objects.get().kind == "end"


def test_a_test_call_leaves_no_message_and_no_second_row(check, number):
    came_back(check)
    status(check, "no-answer")
    collect_messages()
    assert not Message.objects.exists()
    assert list(Call.objects.all()) == [check.probe]


def test_the_same_request_again_is_answered_in_the_same_way(check):
    first = came_back(check)
    outcome(check)
    status(check, "completed")
    assert came_back(check) == first


def test_another_caller_meanwhile_reaches_the_agent(check):
    document = came_back(check, from_number="+15105550147", ForwardedFrom=OWN_PHONE)
    assert "<Connect" in document
    assert outcome(check) == ""


def test_a_withheld_caller_meanwhile_reaches_the_agent(check):
    assert "<Connect" in came_back(check, from_number="anonymous")


def test_an_old_probe_matches_nothing(check, number):
    with time_machine.travel(later(91), tick=False):
        assert "<Connect" in came_back(check, from_number=OWN_PHONE)


def test_a_probe_of_somebody_else_matches_nothing(check, stranger):
    number = forwarding_number(stranger, external_phone_number="+14155550179")
    form = incoming_form(number.phone_number, From=OWN_PHONE, CallSid=RETURNED_SID)
    assert b"<Connect" in post("/api/twilio/voice/incoming", form).content


def test_the_test_number_itself_never_reaches_an_agent(number, settings):
    settings.FORWARDING_CHECK_NUMBER = "+14155550100"
    form = incoming_form(number.phone_number, From="+14155550100", CallSid=RETURNED_SID)
    assert b"<Reject" in post("/api/twilio/voice/incoming", form).content


# --- Not coming back ---


def test_a_machine_that_listens_to_the_end_is_the_carriers_voicemail(check, number):
    picked_up(check, digits="")
    status(check, "completed")
    assert outcome(check, at=later(30)) == CheckOutcome.CARRIER_VOICEMAIL
    assert proven_at(number) is None


@pytest.mark.parametrize("digits", ["5", None])
def test_a_person_presses_a_key_or_hangs_up(check, digits):
    picked_up(check, digits=digits)
    status(check, "completed")
    assert outcome(check, at=later(10)) == CheckOutcome.PICKED_UP


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("busy", CheckOutcome.DECLINED),
        ("no-answer", CheckOutcome.NOTHING_CAME),
        ("failed", CheckOutcome.NOT_PLACED),
    ],
)
def test_what_the_carrier_says_last_decides(check, said, expected):
    assert status(check, said) == 204
    assert outcome(check, at=later(52)) == expected


def test_a_carrier_that_says_nothing_is_given_up_at_the_deadline(check):
    just_before = NOW + DEADLINE - timedelta(seconds=1)
    assert outcome(check, at=just_before) == ""
    assert outcome(check, at=NOW + DEADLINE) == CheckOutcome.NOTHING_CAME


def test_the_callers_of_a_probe_may_be_faster_than_the_answer_to_our_request(number):
    check = make_check(number)
    status(check, "ringing", sequence=1)
    check.probe.refresh_from_db()
    assert check.probe.call_sid == f"SIMULATED_CALL_{check.pk.hex}"


def test_a_failed_check_takes_the_proof_away_and_remembers_it(owner):
    before = NOW - timedelta(days=30)
    number = forwarding_number(owner, forwarding_verified_at=before)
    check = start_check(number=number, now=NOW)
    status(check, "no-answer")
    outcome(check, at=later(52))
    assert (proven_at(number), check.proven_before_at) == (None, before)


@pytest.mark.parametrize("said", ["busy", "failed"])
def test_a_check_that_tells_nothing_leaves_the_proof(owner, said):
    before = NOW - timedelta(days=30)
    number = forwarding_number(owner, forwarding_verified_at=before)
    check = start_check(number=number, now=NOW)
    status(check, said)
    outcome(check, at=later(5))
    assert proven_at(number) == before


def test_a_proof_of_a_phone_that_was_changed_meanwhile_counts_for_nothing(check, number):
    UserPhoneNumber.objects.filter(pk=number.pk).update(external_phone_number="+14155550179")
    came_back(check)
    assert outcome(check) == CheckOutcome.PROVEN
    assert proven_at(number) is None


def test_two_workers_decide_once(check):
    came_back(check)
    assert (settle_checks(now=later(21)), settle_checks(now=later(22))) == (1, 0)
    check.refresh_from_db()
    assert check.finished_at == later(21)


def test_stopping_ends_the_check_and_the_ringing(check, number):
    stop_check(number=number, now=later(5))
    check.refresh_from_db()
    assert check.outcome == CheckOutcome.STOPPED
    assert SimulatedOrder.objects.get().call_sid == check.probe.call_sid


def test_stopping_holds_although_the_carrier_does_not_answer(check, number, settings):
    Call.objects.filter(pk=check.probe_id).update(simulated=False, call_sid="CA" + "0" * 32)
    settings.TELEPHONY = {
        "BACKEND": "telephony.backends.twilio.TwilioBackend",
        "OPTIONS": {
            "account_sid": "AC" + "0" * 32,
            "auth_token": "x",
            "api_base_url": "http://127.0.0.1:1",
        },
    }
    stop_check(number=number, now=later(5))
    check.refresh_from_db()
    assert check.outcome == CheckOutcome.STOPPED


def test_stopping_without_a_check_does_nothing(number):
    make_call(number)
    stop_check(number=number, now=NOW)
    assert not SimulatedOrder.objects.exists()
