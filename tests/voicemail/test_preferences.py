"""Voicemail settings: what follows from a change, and what is refused."""

import itertools

import pytest
from django.utils import timezone

from telephony.errors import NoNumber
from telephony.models import UserPhoneNumber, VoicemailMode
from tests.factories import make_number
from voicemail.errors import SettingsError
from voicemail.preferences import NOT_GIVEN, VoicemailChanges, change_voicemail_settings

OWN_PHONE = "+15105550147"
OFF: dict = {}
ON = {"voicemail_enabled": True, "voicemail_mode": "voicemail_only"}
RECEPTIONIST = ON | {"voicemail_mode": "receptionist"}
FORWARDING = ON | {"external_phone_number": OWN_PHONE, "forwarding_enabled": True}
CONFIRMED = FORWARDING | {"forwarding_confirmed": True}
PROVEN = CONFIRMED | {"forwarding_verified_at": timezone.now()}
ALL_OFF = {
    "voicemail_enabled": False,
    "voicemail_mode": "none",
    "forwarding_enabled": False,
    "forwarding_confirmed": False,
    "forwarding_verified_at": None,
}


def change(number: UserPhoneNumber, **changes) -> UserPhoneNumber:
    return change_voicemail_settings(number=number, changes=VoicemailChanges(**changes))


def settings_of(number: UserPhoneNumber) -> dict:
    names = [*ALL_OFF, "external_phone_number"]
    return UserPhoneNumber.objects.filter(pk=number.pk).values(*names).get()


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        pytest.param(PROVEN, {"voicemail_enabled": False}, ALL_OFF, id="off takes all with it"),
        pytest.param(PROVEN, {"voicemail_mode": "none"}, ALL_OFF, id="mode none switches off"),
        pytest.param(
            PROVEN,
            {"voicemail_enabled": False},
            {"external_phone_number": OWN_PHONE},
            id="off keeps the external number",
        ),
        pytest.param(OFF, {"voicemail_enabled": True}, ON, id="on without a mode takes messages"),
        pytest.param(
            RECEPTIONIST, {"voicemail_enabled": True}, RECEPTIONIST, id="on again keeps the mode"
        ),
        pytest.param(OFF, {"voicemail_mode": "receptionist"}, RECEPTIONIST, id="a mode is on"),
        pytest.param(
            OFF,
            {"voicemail_enabled": True, "voicemail_mode": "receptionist"},
            RECEPTIONIST,
            id="on with a mode",
        ),
        pytest.param(
            PROVEN,
            {"voicemail_mode": "receptionist"},
            PROVEN | {"voicemail_mode": "receptionist"},
            id="another mode keeps forwarding",
        ),
        pytest.param(
            PROVEN,
            {"forwarding_enabled": False},
            ON
            | {
                "forwarding_enabled": False,
                "forwarding_confirmed": False,
                "forwarding_verified_at": None,
            },
            id="forwarding off forgets word and proof",
        ),
        pytest.param(
            PROVEN,
            {"external_phone_number": "+15105550199"},
            {
                "external_phone_number": "+15105550199",
                "forwarding_enabled": True,
                "forwarding_confirmed": False,
                "forwarding_verified_at": None,
            },
            id="another phone forgets word and proof",
        ),
        pytest.param(
            PROVEN,
            {"external_phone_number": OWN_PHONE},
            PROVEN,
            id="the same phone changes nothing",
        ),
        pytest.param(
            PROVEN,
            {"external_phone_number": "(510) 555-0147"},
            PROVEN,
            id="the same phone written otherwise changes nothing",
        ),
        pytest.param(
            OFF,
            {"external_phone_number": " (510) 555-0147 "},
            {"external_phone_number": OWN_PHONE},
            id="a phone is kept as E.164",
        ),
        pytest.param(
            ON | {"external_phone_number": OWN_PHONE},
            {"external_phone_number": None},
            {"external_phone_number": None},
            id="a phone can be forgotten",
        ),
        pytest.param(
            ON | {"external_phone_number": OWN_PHONE},
            {"external_phone_number": " "},
            {"external_phone_number": None},
            id="a blank phone is none",
        ),
        pytest.param(
            PROVEN,
            {"external_phone_number": None, "forwarding_enabled": False},
            {"external_phone_number": None, "forwarding_enabled": False},
            id="phone and forwarding go together",
        ),
        pytest.param(
            PROVEN,
            {"external_phone_number": None, "voicemail_enabled": False},
            ALL_OFF | {"external_phone_number": None},
            id="phone and voicemail go together",
        ),
        pytest.param(
            OFF,
            {
                "voicemail_enabled": True,
                "external_phone_number": OWN_PHONE,
                "forwarding_enabled": True,
                "forwarding_confirmed": True,
            },
            CONFIRMED,
            id="everything at once",
        ),
        pytest.param(FORWARDING, {"forwarding_confirmed": True}, CONFIRMED, id="the owner's word"),
        pytest.param(
            CONFIRMED, {"forwarding_confirmed": False}, FORWARDING, id="the owner takes it back"
        ),
        pytest.param(PROVEN, {}, PROVEN, id="nothing given changes nothing"),
    ],
)
def test_what_follows_from_a_change(owner, before, changes, after):
    number = make_number(owner, **before)
    change(number, **changes)
    assert settings_of(number).items() >= after.items()


@pytest.mark.parametrize(
    ("before", "changes", "field", "code"),
    [
        pytest.param(
            OFF,
            {"voicemail_enabled": True, "voicemail_mode": "none"},
            "voicemail_mode",
            "contradiction",
            id="on without a mode",
        ),
        pytest.param(
            ON,
            {"voicemail_enabled": False, "voicemail_mode": "receptionist"},
            "voicemail_mode",
            "contradiction",
            id="off with a mode",
        ),
        pytest.param(
            FORWARDING,
            {"voicemail_enabled": False, "forwarding_enabled": True},
            "forwarding_enabled",
            "contradiction",
            id="off with forwarding",
        ),
        pytest.param(
            FORWARDING,
            {"voicemail_mode": "none", "forwarding_enabled": True},
            "forwarding_enabled",
            "contradiction",
            id="mode none with forwarding",
        ),
        pytest.param(
            FORWARDING,
            {"voicemail_enabled": False, "forwarding_confirmed": True},
            "forwarding_confirmed",
            "contradiction",
            id="off with confirmed",
        ),
        pytest.param(
            FORWARDING,
            {"forwarding_enabled": False, "forwarding_confirmed": True},
            "forwarding_confirmed",
            "contradiction",
            id="forwarding off with confirmed",
        ),
        pytest.param(
            ON | {"external_phone_number": OWN_PHONE},
            {"forwarding_confirmed": True},
            "forwarding_confirmed",
            "forwarding_off",
            id="confirmed without forwarding",
        ),
        pytest.param(
            {"external_phone_number": OWN_PHONE},
            {"forwarding_enabled": True},
            "forwarding_enabled",
            "voicemail_off",
            id="forwarding without voicemail",
        ),
        pytest.param(
            ON,
            {"forwarding_enabled": True},
            "external_phone_number",
            "external_number_missing",
            id="forwarding without a phone",
        ),
        pytest.param(
            PROVEN,
            {"external_phone_number": None},
            "external_phone_number",
            "external_number_missing",
            id="the phone forwarding needs is forgotten",
        ),
        pytest.param(
            OFF,
            {"external_phone_number": "555 0100"},
            "external_phone_number",
            "invalid_phone_number",
            id="no phone number",
        ),
        pytest.param(
            {"phone_number": "+14155550132"},
            {"external_phone_number": "(415) 555-0132"},
            "external_phone_number",
            "own_number",
            id="the Aloha number itself",
        ),
    ],
)
def test_what_is_refused(owner, before, changes, field, code):
    number = make_number(owner, **before)
    stored = settings_of(number)
    with pytest.raises(SettingsError) as refusal:
        change(number, **changes)
    assert (refusal.value.field, refusal.value.code) == (field, code)
    assert settings_of(number) == stored


def test_a_released_number_has_no_settings(owner):
    with pytest.raises(NoNumber):
        change(make_number(owner, status="released"), voicemail_enabled=True)


def test_the_row_comes_back_as_stored(owner):
    number = change(make_number(owner), voicemail_enabled=True)
    assert number.is_active
    assert number.voicemail_mode == VoicemailMode.VOICEMAIL_ONLY


@pytest.mark.parametrize("before", [OFF, RECEPTIONIST, PROVEN], ids=["off", "on", "proven"])
def test_no_combination_of_changes_meets_a_rule_of_the_database(owner, before):
    number = make_number(owner, **before)
    unset = {"external_phone_number": None} | ALL_OFF
    stored = UserPhoneNumber.objects.filter(pk=number.pk)
    switches = (NOT_GIVEN, True, False)
    modes = (NOT_GIVEN, *VoicemailMode)
    phones = (NOT_GIVEN, None, OWN_PHONE)
    for enabled, mode, phone, forwarding, confirmed in itertools.product(
        switches, modes, phones, switches, switches
    ):
        stored.update(**(unset | before))
        try:
            after = change(
                number,
                voicemail_enabled=enabled,
                voicemail_mode=mode,
                external_phone_number=phone,
                forwarding_enabled=forwarding,
                forwarding_confirmed=confirmed,
            )
        except SettingsError:
            continue
        assert after.voicemail_enabled == (after.voicemail_mode != VoicemailMode.NONE)
        assert forwarding in (NOT_GIVEN, after.forwarding_enabled)
        assert confirmed in (NOT_GIVEN, after.forwarding_confirmed)
        assert enabled in (NOT_GIVEN, after.voicemail_enabled)
