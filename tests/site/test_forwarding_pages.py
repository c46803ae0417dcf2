"""Forwarding on the settings page and in the wizard, as somebody without scripts meets them."""

import re
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone

from telephony.models import UserPhoneNumber
from tests.factories import make_number
from tests.voicemail.checks import OWN_PHONE, came_back, forwarding_number, make_check, status
from voicemail.forwarding import settle_checks
from voicemail.models import CheckOutcome, ForwardingCheck, OwnPhone

SETTINGS, WIZARD = "/aloha/settings", "/aloha/settings/forwarding"
VOICEMAIL = {
    "voicemail_enabled": "on",
    "voicemail_mode": "voicemail_only",
    "external_phone_number": "(415) 555-0178",
}
PHONE = {"external_phone_number": OWN_PHONE, "carrier": "us-tmobile", "kind": "iphone"}


@pytest.fixture
def as_owner(client, owner) -> Client:
    client.force_login(owner)
    return client


def page(client: Client, path: str = WIZARD, **headers: str) -> str:
    return client.get(path, follow=True, headers=headers).content.decode()


def send(client: Client, path: str, **form: str) -> str:
    return client.post(path, form, follow=True).content.decode()


def row() -> UserPhoneNumber:
    return UserPhoneNumber.objects.get()


# --- The settings card ---


@pytest.mark.U2
def test_forwarding_is_offered_only_while_voicemail_is_on(as_owner, owner):
    number = make_number(owner)
    assert "use call forwarding" not in page(as_owner, SETTINGS)
    send(as_owner, f"{SETTINGS}/voicemail", **VOICEMAIL)
    number.refresh_from_db()
    assert number.voicemail_enabled
    text = page(as_owner, SETTINGS)
    assert "I&#x27;ll use call forwarding" in text
    assert "How do I set this up?" in text


@pytest.mark.U2
def test_the_checkbox_switches_forwarding_on_and_the_carrier_is_kept(as_owner, owner):
    forwarding_number(owner, forwarding_enabled=False, forwarding_confirmed=False)
    form = VOICEMAIL | {"forwarding_enabled": "on", "carrier": "us-verizon"}
    text = send(as_owner, f"{SETTINGS}/voicemail", **form)
    assert row().forwarding_enabled
    assert OwnPhone.objects.get().carrier == "us-verizon"
    assert "Forwarding not yet confirmed" in text


@pytest.mark.V1
@pytest.mark.parametrize("form", [VOICEMAIL, {"external_phone_number": OWN_PHONE}])
def test_switching_off_says_how_to_undo_it_at_the_owners_carrier(as_owner, owner, form):
    forwarding_number(owner)
    OwnPhone.objects.create(user=owner, carrier="us-verizon")
    text = send(as_owner, f"{SETTINGS}/voicemail", **form)
    assert not row().forwarding_enabled
    assert "until you dial *73 on it" in text


@pytest.mark.V1
def test_the_undo_code_stays_in_sight_after_switching_off(as_owner, owner):
    make_number(owner, external_phone_number=OWN_PHONE)
    assert "##004#" in page(as_owner, SETTINGS)


def test_forwarding_without_a_phone_is_explained_beside_the_field(as_owner, owner):
    forwarding_number(owner, forwarding_enabled=False, forwarding_confirmed=False)
    form = VOICEMAIL | {"forwarding_enabled": "on", "external_phone_number": ""}
    text = as_owner.post(f"{SETTINGS}/voicemail", form).content.decode()
    assert "id_external_phone_number_error" in text


@pytest.mark.N9
def test_before_a_release_the_owners_own_undo_code_is_shown(as_owner, owner):
    forwarding_number(owner)
    OwnPhone.objects.create(user=owner, carrier="us-verizon")
    text = page(as_owner, f"{SETTINGS}/release")
    assert "*73" in text
    assert "##004#" not in text


def test_before_a_change_of_number_the_old_code_and_its_undoing_are_named(as_owner, owner):
    forwarding_number(owner)
    OwnPhone.objects.create(user=owner, carrier="us-verizon")
    assert "*73" in page(as_owner, f"{SETTINGS}?replace=on")


# --- The states ---


@pytest.mark.U2
@pytest.mark.parametrize(
    ("fields", "title"),
    [
        ({"forwarding_confirmed": False}, "Forwarding not yet confirmed"),
        ({}, "Forwarding marked as set up"),
    ],
)
def test_the_owners_word_is_not_the_proof(as_owner, owner, fields, title):
    forwarding_number(owner, **fields)
    text = page(as_owner, SETTINGS)
    assert title in text
    assert "Proven on" not in text


@pytest.mark.U2
def test_the_proof_has_its_date_in_the_owners_zone(as_owner, owner):
    at = timezone.now().replace(month=11, day=22, hour=22, minute=2)
    forwarding_number(owner, forwarding_verified_at=at)
    assert "Proven on 22 Nov, 14:02" in page(as_owner, SETTINGS)


@pytest.mark.U2
@pytest.mark.parametrize(
    ("outcome", "proven_before", "title"),
    [
        (CheckOutcome.CARRIER_VOICEMAIL, False, "T-Mobile&#x27;s voicemail answered"),
        (CheckOutcome.NOTHING_CAME, False, "The test call did not come back"),
        (CheckOutcome.NOTHING_CAME, True, "Forwarding stopped working on"),
        (CheckOutcome.PICKED_UP, False, "Forwarding marked as set up"),
        (CheckOutcome.DECLINED, False, "Forwarding marked as set up"),
    ],
)
def test_what_a_test_showed_is_said_in_one_line(as_owner, owner, outcome, proven_before, title):
    OwnPhone.objects.create(user=owner, carrier="us-tmobile")
    now = timezone.now()
    proven = now - timedelta(days=9) if proven_before else None
    make_check(forwarding_number(owner), outcome=outcome, finished_at=now, proven_before_at=proven)
    assert title in page(as_owner, SETTINGS)


def test_a_running_test_leads_to_its_steps(as_owner, owner):
    make_check(forwarding_number(owner), started_at=timezone.now())
    text = page(as_owner, SETTINGS)
    assert "Checking now" in text
    assert f"{WIZARD}?step=proof" in text


# --- The wizard ---


@pytest.mark.U3
def test_the_wizard_shows_number_explanation_code_and_how_to_undo(as_owner, owner):
    number = forwarding_number(owner, forwarding_confirmed=False)
    text = page(as_owner)
    assert f'data-copy="{number.phone_number}"' in text
    assert f"**004*{number.phone_number[1:]}#" in text
    assert "##004#" in text
    assert "Calls you pick up stay yours" in text
    assert "I&#x27;ve set up forwarding" in text or "I've set up forwarding" in text


def test_the_code_follows_the_carrier(as_owner, owner):
    number = forwarding_number(owner, forwarding_confirmed=False)
    text = send(as_owner, f"{WIZARD}/phone", **(PHONE | {"carrier": "us-verizon"}))
    assert f"*71{number.phone_number[2:]}" in text
    assert "*73" in text
    assert "switched off" not in text.split("Calls you pick up")[0].split("Dial this code")[-1]


def test_links_dial_where_phones_follow_them_and_qr_codes_are_pictures(as_owner, owner):
    number = forwarding_number(owner, forwarding_confirmed=False)
    android = send(as_owner, f"{WIZARD}/phone", **(PHONE | {"kind": "android"}))
    assert f'href="tel:**004*{number.phone_number[1:]}%23"' in android
    iphone = send(as_owner, f"{WIZARD}/phone", **PHONE)
    assert 'href="tel:**' not in iphone
    [svg] = re.findall(r'<svg class="qr".*?</svg>', iphone, re.DOTALL)
    assert ElementTree.fromstring(svg).get("role") == "img"


def test_the_wizard_keeps_where_the_owner_was(as_owner, owner):
    forwarding_number(owner, forwarding_enabled=False, forwarding_confirmed=False)
    assert "Dial this code on your phone" in page(as_owner)
    text = send(as_owner, f"{WIZARD}/confirm", **PHONE)
    assert "Prove it with a test call" in text
    assert (row().forwarding_enabled, row().forwarding_confirmed) == (True, True)
    assert "Prove it with a test call" in page(as_owner)


def test_a_wrong_phone_is_explained_in_the_wizard(as_owner, owner):
    number = forwarding_number(owner, forwarding_enabled=False, forwarding_confirmed=False)
    form = PHONE | {"external_phone_number": number.phone_number}
    assert "This is your Aloha number" in send(as_owner, f"{WIZARD}/confirm", **form)
    assert not row().forwarding_confirmed


@pytest.mark.parametrize("path", ["phone", "confirm", "check", "stop"])
def test_without_voicemail_the_wizard_changes_nothing(as_owner, owner, path):
    make_number(owner)
    assert "Switch voicemail on" in send(as_owner, f"{WIZARD}/{path}", **PHONE)
    assert not row().forwarding_enabled
    assert not ForwardingCheck.objects.exists()


def test_a_carrier_without_codes_says_what_to_do_instead(as_owner, owner):
    forwarding_number(owner, forwarding_confirmed=False)
    OwnPhone.objects.create(user=owner, carrier="us-googlefi")
    text = page(as_owner)
    assert "In its app open Phone settings" in text
    assert "Dial this code on your phone" not in text


def test_a_script_gets_the_wizard_alone(as_owner, owner):
    forwarding_number(owner)
    assert page(as_owner, **{"X-Requested-With": "fetch"}).lstrip().startswith("<div")


# --- The test call ---


@pytest.mark.V3
def test_a_test_is_followed_by_looking_again(as_owner, owner):
    number = forwarding_number(owner)
    text = send(as_owner, f"{WIZARD}/check", simulated_phone="forwards")
    assert "Don&#x27;t pick up. Let it ring." in text
    assert "Look again" in text
    check = ForwardingCheck.objects.get()
    status(check, "ringing", 1)
    came_back(check)
    settle_checks(now=timezone.now())
    text = page(as_owner)
    assert "Proven on" in text
    assert "It reached Aloha" in text
    number.refresh_from_db()
    assert number.forwarding_verified_at


@pytest.mark.V3
@pytest.mark.parametrize(
    ("outcome", "title", "codes"),
    [
        (
            CheckOutcome.CARRIER_VOICEMAIL,
            "T-Mobile&#x27;s voicemail answered",
            ["##004#", "**004*"],
        ),
        (CheckOutcome.PICKED_UP, "You picked up", []),
        (CheckOutcome.DECLINED, "The call was declined", ["**67*"]),
        (CheckOutcome.NOTHING_CAME, "No call came back", ["**61*", "**67*", "**62*"]),
        (CheckOutcome.NOT_PLACED, "We could not call your phone", []),
        (CheckOutcome.STOPPED, "The test call is stopped", []),
    ],
)
def test_every_verdict_says_what_to_do_next(as_owner, owner, outcome, title, codes):
    OwnPhone.objects.create(user=owner, carrier="us-tmobile")
    make_check(forwarding_number(owner), outcome=outcome, finished_at=timezone.now())
    text = page(as_owner, f"{WIZARD}?step=proof")
    assert title in text
    assert all(f'data-copy="{code}' in text for code in codes)
    assert "Check again" in text


@pytest.mark.V3
def test_the_fourth_test_of_an_hour_is_refused_with_the_time_to_wait(as_owner, owner):
    forwarding_number(owner)
    for _ in range(3):
        send(as_owner, f"{WIZARD}/check")
        send(as_owner, f"{WIZARD}/stop")
    assert "try again in" in send(as_owner, f"{WIZARD}/check")
    assert ForwardingCheck.objects.count() == 3


def test_a_test_that_no_worker_looks_at_says_so(as_owner, owner):
    make_check(forwarding_number(owner), started_at=timezone.now() - timedelta(minutes=5))
    assert "This takes longer than it should" in page(as_owner)


def test_what_a_simulated_phone_does_can_be_chosen_only_for_simulated_numbers(as_owner, owner):
    number = forwarding_number(owner)
    assert "Your phone is simulated too" in page(as_owner)
    UserPhoneNumber.objects.filter(pk=number.pk).update(twilio_phone_sid="PN" + "0" * 32)
    assert "Your phone is simulated too" not in page(as_owner)


def test_a_stranger_sees_and_stops_nothing_of_it(client, owner, stranger):
    check = make_check(forwarding_number(owner), started_at=timezone.now())
    client.force_login(stranger)
    assert check.number.phone_number not in page(client)
    send(client, f"{WIZARD}/stop")
    check.refresh_from_db()
    assert check.is_running
