"""Settling numbers by asking the provider."""

import io
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from telephony import numbers
from telephony.models import NumberStatus, SyncRun, UserPhoneNumber
from telephony.number_setup import tag_of
from telephony.number_sync import sync_numbers, sync_numbers_when_due
from tests.factories import make_number, make_user
from tests.peers.twilio_rest import ACCOUNT_SID, AUTH_TOKEN, TwilioAccount, twilio_peer

pytestmark = pytest.mark.N10
NUMBER = "+14155550123"
FOREIGN = {"PhoneNumber": "+12125550180", "FriendlyName": "reception", "VoiceUrl": "https://x/"}


@pytest.fixture
def twilio(settings) -> Iterator[TwilioAccount]:
    with twilio_peer() as account:
        settings.TELEPHONY = {
            "BACKEND": "telephony.backends.twilio.TwilioBackend",
            "OPTIONS": {
                "account_sid": ACCOUNT_SID,
                "auth_token": AUTH_TOKEN,
                "api_base_url": account.base_url,
            },
        }
        yield account


def buy(owner) -> UserPhoneNumber:
    return numbers.purchase_number(user=owner, phone_number=NUMBER, country="US")


def sync_after(minutes: float) -> list[str]:
    """Synchronise that many minutes from now; what was done, without the numbers."""
    with time_machine.travel(timezone.now() + timedelta(minutes=minutes), tick=False):
        return [step.split(" ", 1)[1] for step in sync_numbers(dry_run=False).steps]


def status_of(number: UserPhoneNumber) -> str:
    return UserPhoneNumber.objects.get(pk=number.pk).status


def unclear_purchase(owner, twilio) -> UserPhoneNumber:
    twilio.faults["POST"] = "drop"
    number = buy(owner)
    twilio.faults.clear()
    return number


@pytest.mark.N8
@pytest.mark.parametrize("fault", ["drop", "garbled"])
def test_a_purchase_whose_answer_was_lost_is_put_into_service(owner, twilio, fault):
    twilio.faults["POST"] = fault
    number = buy(owner)
    twilio.faults.clear()
    assert sync_after(3) == ["was bought: put into service"]
    number.refresh_from_db()
    assert number.status == NumberStatus.ACTIVE
    assert twilio.sold.keys() == {number.twilio_phone_sid}


@pytest.mark.N8
def test_a_purchase_that_never_arrived_fails_after_two_looks(owner, twilio):
    twilio.faults["POST"] = "500"
    number = buy(owner)
    twilio.faults.clear()
    assert sync_after(3) == ["is missing at the provider: look again later"]
    assert status_of(number) == NumberStatus.PURCHASING
    assert sync_after(4) == []
    assert sync_after(6) == ["was not bought: purchase failed"]
    assert status_of(number) == NumberStatus.FAILED


def test_a_purchase_that_may_still_be_under_way_is_left_alone(owner, twilio):
    unclear_purchase(owner, twilio)
    assert sync_after(1) == []


def test_a_purchase_found_under_another_name_is_reported(owner, twilio):
    number = unclear_purchase(owner, twilio)
    next(iter(twilio.sold.values()))["FriendlyName"] = "mine now"
    assert sync_after(3) == ["is at the provider under another name: settle by hand"]
    assert status_of(number) == NumberStatus.PURCHASING


@pytest.mark.N6
def test_a_swap_whose_answer_was_lost_gives_the_old_number_back(owner, twilio):
    old = buy(owner)
    twilio.faults["POST"] = "drop"
    new = numbers.purchase_number(
        user=owner, phone_number="+14155550124", country="US", replace=True
    )
    twilio.faults.clear()
    sync_after(3)
    assert (status_of(old), status_of(new)) == (NumberStatus.RELEASED, NumberStatus.ACTIVE)
    assert [form["PhoneNumber"] for form in twilio.sold.values()] == ["+14155550124"]


@pytest.mark.N9
def test_a_release_is_tried_again_with_growing_pauses(owner, twilio):
    number = buy(owner)
    twilio.faults["DELETE"] = "500"
    numbers.release_number(user=owner)
    delete = ["is to be given back: delete"]
    assert [sync_after(minutes) for minutes in (0, 0.5, 1.5, 3, 7, 20, 40)] == [
        delete, [], delete, [], delete, [], delete,
    ]  # fmt: skip
    twilio.faults.clear()
    assert sync_after(200) == delete
    assert status_of(number) == NumberStatus.RELEASED
    assert twilio.sold == {}


@pytest.mark.N9
def test_a_number_to_give_back_that_is_gone_already_is_released(owner, twilio):
    number = buy(owner)
    twilio.faults["DELETE"] = "drop"
    numbers.release_number(user=owner)
    twilio.faults.clear()
    assert twilio.sold == {}
    sync_after(0)
    assert status_of(number) == NumberStatus.RELEASED


def test_a_number_of_ours_without_a_row_is_reported_and_kept(owner, twilio):
    number = buy(owner)
    UserPhoneNumber.objects.update(status=NumberStatus.RELEASED)
    assert sync_after(3) == ["is paid for and belongs to nobody: settle by hand"]
    assert twilio.sold.keys() == {number.twilio_phone_sid}


def test_a_number_with_our_name_and_an_unknown_row_is_reported(owner, twilio):
    tag = tag_of(UserPhoneNumber(user=owner))
    twilio.sold["PN" + "b" * 32] = {"PhoneNumber": "+12125550181", "FriendlyName": tag}
    assert sync_after(0) == ["is paid for and belongs to nobody: settle by hand"]


def test_an_active_number_missing_at_two_looks_is_lost(owner, twilio):
    number = buy(owner)
    twilio.sold.clear()
    assert sync_after(0) == ["is missing at the provider: look again later"]
    assert status_of(number) == NumberStatus.ACTIVE
    assert sync_after(3) == ["is gone at the provider: lost"]
    assert status_of(number) == NumberStatus.LOST


def test_an_active_number_that_a_late_listing_lacked_stays(owner, twilio):
    number = buy(owner)
    sold = dict(twilio.sold)
    twilio.sold.clear()
    sync_after(0)
    twilio.sold |= sold
    assert sync_after(3) == ["is at the provider again"]
    twilio.sold.clear()
    assert sync_after(9) == ["is missing at the provider: look again later"]
    assert status_of(number) == NumberStatus.ACTIVE


@pytest.fixture
def three_numbers(owner, stranger, support, twilio) -> list[UserPhoneNumber]:
    owners = {owner: NUMBER, stranger: "+14155550124", support: "+14155550125"}
    return [
        numbers.purchase_number(user=user, phone_number=phone_number, country="US")
        for user, phone_number in owners.items()
    ]


def test_a_listing_of_another_account_loses_no_number(three_numbers, twilio):
    ours = dict(twilio.sold)
    twilio.sold.clear()
    twilio.sold["PN" + "c" * 32] = FOREIGN
    sync_after(0)
    doubt = ["is gone with most others, is it the right account: settle by hand"] * 3
    assert [sync_after(3), sync_after(60 * 24)] == [doubt, doubt]
    assert SyncRun.objects.latest("started_at").to_settle_by_hand == 3
    assert {status_of(number) for number in three_numbers} == {NumberStatus.ACTIVE}
    twilio.sold |= ours
    assert sync_after(60 * 25) == ["is at the provider again"] * 3


def test_a_purchase_is_not_failed_by_a_listing_in_doubt(three_numbers, twilio):
    buying = make_number(
        make_user("buyer@example.com"),
        phone_number="+14155550126",
        status=NumberStatus.PURCHASING,
        twilio_phone_sid="",
    )
    twilio.sold.clear()
    assert [len(sync_after(minutes)) for minutes in (3, 6, 9)] == [4, 4, 4]
    assert status_of(buying) == NumberStatus.PURCHASING


def test_one_of_several_that_is_missing_is_lost(three_numbers, twilio):
    del twilio.sold[three_numbers[0].twilio_phone_sid]
    sync_after(0)
    assert sync_after(3) == ["is gone at the provider: lost"]
    assert status_of(three_numbers[0]) == NumberStatus.LOST


def test_the_operator_can_say_that_most_numbers_are_gone(three_numbers, twilio):
    twilio.sold.clear()
    sync_after(0)
    with (
        time_machine.travel(timezone.now() + timedelta(minutes=3), tick=False),
        pytest.raises(CommandError, match="by hand: 3"),
    ):
        call_command("syncnumbers", "--accept-losses", stdout=io.StringIO())
    assert {status_of(number) for number in three_numbers} == {NumberStatus.LOST}


@pytest.fixture
def other_account(settings, twilio) -> Iterator[Callable[[], None]]:
    """Call it to ask another account from then on, which works and has a number of its own."""
    with twilio_peer("AC" + "b2" * 16) as other:
        other.sold["PN" + "c" * 32] = FOREIGN
        yield lambda: setattr(settings, "TELEPHONY", other.backend())


def left_to_give_back(owner, twilio) -> None:
    twilio.faults["DELETE"] = "500"
    numbers.release_number(user=owner)
    twilio.faults.clear()


@pytest.mark.N9
def test_another_account_does_not_delete_what_it_lacks(
    owner, three_numbers, twilio, other_account, settings
):
    left_to_give_back(owner, twilio)
    other_account()
    sync_after(0)
    doubt = ["is gone with most others, is it the right account: settle by hand"] * 3
    assert [sync_after(3), sync_after(60 * 24)] == [doubt, doubt]
    assert status_of(three_numbers[0]) == NumberStatus.RELEASING
    settings.TELEPHONY = twilio.backend()
    sync_after(60 * 25)
    assert status_of(three_numbers[0]) == NumberStatus.RELEASED
    assert three_numbers[0].twilio_phone_sid not in twilio.sold


@pytest.mark.N9
def test_what_is_listed_is_given_back_whatever_else_is_missing(owner, three_numbers, twilio):
    left_to_give_back(owner, twilio)
    for kept in three_numbers[1:]:
        del twilio.sold[kept.twilio_phone_sid]
    sync_after(0)
    assert status_of(three_numbers[0]) == NumberStatus.RELEASED


@pytest.mark.N9
def test_a_release_is_not_done_because_another_account_has_no_such_number(
    owner, twilio, other_account, settings
):
    number = buy(owner)
    other_account()
    assert numbers.release_number(user=owner).status == NumberStatus.RELEASING
    assert numbers.release_number(user=owner).status == NumberStatus.RELEASING
    sync_after(60)
    assert status_of(number) == NumberStatus.RELEASING
    settings.TELEPHONY = twilio.backend()
    sync_after(60 * 48)
    assert status_of(number) == NumberStatus.RELEASED
    assert twilio.sold == {}


@pytest.mark.N9
def test_the_operator_can_say_that_the_other_accounts_number_is_gone(owner, twilio, other_account):
    number = buy(owner)
    other_account()
    numbers.release_number(user=owner)
    sync_numbers(dry_run=False, accept_losses=True)
    assert status_of(number) == NumberStatus.RELEASED


@pytest.mark.N9
@pytest.mark.parametrize("is_ours", [True, False])
def test_a_number_whose_account_was_not_noted_is_judged_by_what_is_listed(
    owner, stranger, twilio, is_ours
):
    number = make_number(owner, twilio_phone_sid="PN" + "a" * 32)
    if is_ours:
        numbers.purchase_number(user=stranger, phone_number="+14155550124", country="US")
    else:
        twilio.sold["PN" + "c" * 32] = FOREIGN
    numbers.release_number(user=owner)
    expected = NumberStatus.RELEASED if is_ours else NumberStatus.RELEASING
    assert status_of(number) == expected


@pytest.mark.N9
def test_a_simulated_number_is_given_back_beside_a_real_provider(owner, twilio):
    make_number(owner)
    assert numbers.release_number(user=owner).status == NumberStatus.RELEASED
    assert twilio.requests == []


@pytest.mark.N9
def test_a_simulated_number_left_to_give_back_is_settled_beside_a_real_provider(
    owner, stranger, twilio
):
    left = make_number(owner, status=NumberStatus.RELEASING)
    assert sync_after(0) == ["is to be given back: delete"]
    assert status_of(left) == NumberStatus.RELEASED


@pytest.mark.N9
def test_a_real_number_is_not_given_back_by_the_simulator(owner, twilio, settings):
    number = buy(owner)
    settings.TELEPHONY = {"BACKEND": "telephony.backends.mock.MockBackend", "OPTIONS": {}}
    assert numbers.release_number(user=owner).status == NumberStatus.RELEASING
    assert sync_after(3) == []
    assert status_of(number) == NumberStatus.RELEASING


@pytest.fixture
def lost_number(owner, twilio, other_account, settings) -> UserPhoneNumber:
    """The only one, lost to another account's credentials; those are right again."""
    number = buy(owner)
    UserPhoneNumber.objects.update(voicemail_enabled=True, voicemail_mode="receptionist")
    other_account()
    sync_after(0)
    assert sync_after(3) == ["is gone at the provider: lost"]
    settings.TELEPHONY = twilio.backend()
    return number


BACK, ORPHAN = (
    "is back at the provider: active again",
    "is paid for and belongs to nobody: settle by hand",
)


def test_a_lost_number_is_its_owners_again_when_it_is_listed_again(owner, lost_number):
    assert sync_after(6) == [BACK]
    back = numbers.active_number(owner)
    assert (back, back.voicemail_mode) == (lost_number, "receptionist")
    assert back.events.filter(from_status="lost", to_status="active").count() == 1
    assert sync_after(9) == []


@pytest.mark.D7
@pytest.mark.parametrize("fields", [{}, {"twilio_phone_sid": "PN" + "e" * 32}])
def test_a_lost_number_stays_lost_when_its_owner_has_another_one(owner, lost_number, fields):
    other = make_number(owner, **fields)
    assert ORPHAN in sync_after(6)
    assert status_of(lost_number) == NumberStatus.LOST
    assert numbers.active_number(owner) == other


def test_a_lost_number_stays_lost_when_its_owner_has_given_up_another_one_since(owner, lost_number):
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        make_number(owner, status=NumberStatus.RELEASED)
    assert sync_after(9) == [ORPHAN]
    assert status_of(lost_number) == NumberStatus.LOST


def test_a_lost_number_that_somebody_else_has_now_stays_lost(stranger, lost_number):
    make_number(stranger, phone_number=lost_number.phone_number, twilio_phone_sid="PN" + "e" * 32)
    assert ORPHAN in sync_after(6)
    assert status_of(lost_number) == NumberStatus.LOST


def test_a_lost_number_under_another_name_stays_lost(lost_number, twilio):
    twilio.sold[lost_number.twilio_phone_sid]["FriendlyName"] = "mine now"
    assert sync_after(6) == []
    assert status_of(lost_number) == NumberStatus.LOST


def test_a_list_that_cannot_be_read_changes_nothing(owner, twilio):
    number = buy(owner)
    twilio.faults["GET"] = "500"
    assert [sync_after(0), sync_after(3)] == [[], []]
    assert status_of(number) == NumberStatus.ACTIVE
    assert SyncRun.objects.latest("started_at").error


def test_drifted_addresses_are_repaired(owner, twilio):
    number = buy(owner)
    sold = twilio.sold[number.twilio_phone_sid]
    before = dict(sold)
    sold |= {"VoiceUrl": "https://elsewhere.example/", "StatusCallback": ""}
    assert sync_after(0) == ["sends its calls elsewhere: repair its addresses"]
    assert twilio.sold[number.twilio_phone_sid] == before


def test_a_number_without_our_name_is_never_touched(owner, twilio):
    other = "aloha:" + "0" * 12 + ":" + "1" * 32
    twilio.sold["PN" + "c" * 32] = dict(FOREIGN)
    twilio.sold["PN" + "d" * 32] = FOREIGN | {"FriendlyName": other}
    before = {sid: dict(form) for sid, form in twilio.sold.items()}
    assert [sync_after(0), sync_after(3)] == [[], []]
    assert twilio.sold == before
    assert {line.split()[0] for line in twilio.requests} == {"GET"}


def test_simulated_numbers_mean_nothing_to_a_real_provider(owner, twilio):
    number = make_number(owner)
    assert [sync_after(0), sync_after(3)] == [[], []]
    assert status_of(number) == NumberStatus.ACTIVE


def test_simulated_numbers_settle_too(owner, stranger):
    buy(owner)
    make_number(stranger, status=NumberStatus.PURCHASING, twilio_phone_sid="")
    assert sync_after(3) == ["is missing at the provider: look again later"]
    assert sync_after(6) == ["was not bought: purchase failed"]
    assert sync_after(9) == []


def test_a_dry_run_prints_the_same_plan_and_changes_nothing(owner, twilio):
    number = buy(owner)
    twilio.sold[number.twilio_phone_sid]["VoiceUrl"] = "https://elsewhere.example/"
    printed = [io.StringIO(), io.StringIO()]
    call_command("syncnumbers", dry_run=True, stdout=printed[0])
    assert not SyncRun.objects.exists()
    assert twilio.sold[number.twilio_phone_sid]["VoiceUrl"] == "https://elsewhere.example/"
    call_command("syncnumbers", stdout=printed[1])
    assert printed[0].getvalue() == printed[1].getvalue()
    assert "repair its addresses" in printed[0].getvalue()


def test_a_second_run_finds_nothing_to_do(owner, twilio):
    unclear_purchase(owner, twilio)
    sync_after(3)
    printed = io.StringIO()
    call_command("syncnumbers", stdout=printed)
    assert printed.getvalue().startswith("Nothing to do")


def test_the_command_fails_when_people_have_to_act(owner, twilio):
    tag = tag_of(UserPhoneNumber(user=owner))
    twilio.sold["PN" + "b" * 32] = {"PhoneNumber": "+12125550181", "FriendlyName": tag}
    with pytest.raises(CommandError, match="by hand: 1"):
        call_command("syncnumbers", stdout=io.StringIO())


def test_the_worker_synchronises_once_within_its_interval(owner, twilio):
    assert sync_numbers_when_due() is not None
    assert sync_numbers_when_due() is None
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        assert sync_numbers_when_due() is not None


def test_the_workers_round_settles_numbers(owner, twilio):
    unclear_purchase(owner, twilio)
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        call_command("work", once=True)
    assert numbers.active_number(owner).phone_number == NUMBER
