"""D6, V1: which numbers an owner's own phone may have, and the codes that it is given."""

import pytest

from telephony.models import NumberStatus
from tests.factories import make_number
from tests.voicemail.checks import OWN_PHONE, forwarding_number
from voicemail.errors import SettingsError
from voicemail.models import OwnPhone
from voicemail.own_phone import codes_of, how_to_undo
from voicemail.preferences import VoicemailChanges, change_voicemail_settings


def refusal(number, external: str) -> str:
    changes = VoicemailChanges(external_phone_number=external)
    with pytest.raises(SettingsError) as refused:
        change_voicemail_settings(number=number, changes=changes)
    number.refresh_from_db()
    assert number.external_phone_number is None
    assert refused.value.field == "external_phone_number"
    return refused.value.code


@pytest.mark.D6
@pytest.mark.parametrize(
    ("external", "code"),
    [
        ("+19005550123", "premium_number"),
        ("+12129761234", "premium_number"),
        ("+449098790000", "premium_number"),
        ("+443001234567", "no_phone"),
        ("12", "invalid_phone_number"),
        ("call me", "invalid_phone_number"),
        ("+1415555", "invalid_phone_number"),
    ],
)
def test_what_is_no_ordinary_phone_is_refused(owner, external, code):
    assert refusal(make_number(owner), external) == code


@pytest.mark.D6
def test_the_aloha_number_itself_is_refused(owner):
    number = make_number(owner)
    assert refusal(number, number.phone_number) == "own_number"


@pytest.mark.D6
@pytest.mark.parametrize("status", [NumberStatus.ACTIVE, NumberStatus.RELEASING])
def test_another_owners_aloha_number_is_refused(owner, stranger, status):
    theirs = make_number(stranger, status=status)
    assert refusal(make_number(owner), theirs.phone_number) == "aloha_number"


@pytest.mark.D6
def test_the_number_that_tests_forwarding_is_refused(owner, settings):
    settings.FORWARDING_CHECK_NUMBER = "+14155550100"
    assert refusal(make_number(owner), "+14155550100") == "aloha_number"


def test_a_number_that_nobody_has_any_more_can_be_ones_own(owner, stranger):
    gone = make_number(stranger, status=NumberStatus.RELEASED)
    changes = VoicemailChanges(external_phone_number=gone.phone_number)
    number = change_voicemail_settings(number=make_number(owner), changes=changes)
    assert number.external_phone_number == gone.phone_number


def test_without_a_choice_the_codes_are_the_standard_ones(owner):
    codes = codes_of(forwarding_number(owner))
    assert (codes.choice, codes.is_guessed) == ("", True)
    assert codes.cancel == ("##004#",)


def test_a_carrier_that_the_number_plan_knows_is_guessed(owner):
    codes = codes_of(forwarding_number(owner, external_phone_number="+447400123456"))
    assert (codes.choice, codes.is_guessed) == ("gb-three", True)


def test_the_chosen_carrier_counts_before_the_guess(owner):
    OwnPhone.objects.create(user=owner, carrier="gb-ee")
    codes = codes_of(forwarding_number(owner, external_phone_number="+447400123456"))
    assert (codes.choice, codes.is_guessed) == ("gb-ee", False)


def test_a_carrier_of_another_country_does_not_count(owner):
    OwnPhone.objects.create(user=owner, carrier="gb-ee")
    assert codes_of(forwarding_number(owner)).choice == ""


def test_undoing_is_said_in_the_carriers_own_code(owner):
    OwnPhone.objects.create(user=owner, carrier="us-verizon")
    assert "*73" in how_to_undo(forwarding_number(owner))


def test_a_carrier_without_codes_is_named_as_the_place_to_undo(owner):
    OwnPhone.objects.create(user=owner, carrier="us-googlefi")
    assert "with your carrier" in how_to_undo(forwarding_number(owner))


def test_an_indian_phone_gets_a_reason(owner):
    codes = codes_of(forwarding_number(owner, external_phone_number="+919812345678"))
    assert "not supported" in codes.unsupported


def test_the_choice_of_phone_outlives_the_number(owner):
    OwnPhone.objects.create(user=owner, carrier="us-tmobile")
    make_number(owner, status=NumberStatus.RELEASED)
    assert (
        codes_of(forwarding_number(owner, external_phone_number=OWN_PHONE)).choice == "us-tmobile"
    )
