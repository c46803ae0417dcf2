"""The voicemail settings API: each field, what follows from it, and every combination."""

import itertools
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from telephony.models import UserPhoneNumber
from tests.contract.api_client import ApiClient, field_errors, problem_of
from tests.contract.test_number_api import RECORD
from tests.factories import make_number

OWN_PHONE = "+15105550147"
FIELDS = {
    "voicemailEnabled": "voicemail_enabled",
    "voicemailMode": "voicemail_mode",
    "externalPhoneNumber": "external_phone_number",
    "forwardingEnabled": "forwarding_enabled",
    "forwardingConfirmed": "forwarding_confirmed",
}
OFF: dict[str, Any] = {
    "voicemailEnabled": False,
    "voicemailMode": "none",
    "externalPhoneNumber": None,
    "forwardingEnabled": False,
    "forwardingConfirmed": False,
}
ON = OFF | {
    "voicemailEnabled": True,
    "voicemailMode": "voicemail_only",
    "externalPhoneNumber": OWN_PHONE,
}
FORWARDING = ON | {"forwardingEnabled": True}
CONFIRMED = FORWARDING | {"voicemailMode": "receptionist", "forwardingConfirmed": True}

SWITCH = (True, False)
MODES = ("none", "voicemail_only", "receptionist")
PHONES = (None, OWN_PHONE)
WHOLE_BODIES = [
    dict(zip(FIELDS, values, strict=True))
    for values in itertools.product(SWITCH, MODES, PHONES, SWITCH, SWITCH)
]


def columns(settings: dict[str, Any]) -> dict[str, Any]:
    return {FIELDS[name]: value for name, value in settings.items()}


def stored(number: UserPhoneNumber) -> dict[str, Any]:
    row = UserPhoneNumber.objects.filter(pk=number.pk).values(*FIELDS.values()).get()
    return {name: row[column] for name, column in FIELDS.items()}


def keeps_the_rules(settings: dict[str, Any]) -> bool:
    """What the database promises of every row."""
    return (
        (not settings["voicemailEnabled"] or settings["voicemailMode"] != "none")
        and (
            not settings["forwardingEnabled"]
            or (settings["voicemailEnabled"] and settings["externalPhoneNumber"] is not None)
        )
        and (not settings["forwardingConfirmed"] or settings["forwardingEnabled"])
    )


def is_legal(settings: dict[str, Any]) -> bool:
    """As the database, and no mode may be left standing while voicemail is off."""
    off_has_no_mode = settings["voicemailEnabled"] or settings["voicemailMode"] == "none"
    return keeps_the_rules(settings) and off_has_no_mode


@pytest.fixture
def script(owner) -> ApiClient:
    return ApiClient(owner)


@pytest.mark.V1
@pytest.mark.parametrize(
    ("before", "body", "after"),
    [
        pytest.param(
            OFF,
            {"voicemailEnabled": True},
            {"voicemailEnabled": True, "voicemailMode": "voicemail_only"},
            id="on",
        ),
        pytest.param(
            CONFIRMED,
            {"voicemailEnabled": False},
            OFF | {"externalPhoneNumber": OWN_PHONE},
            id="off takes forwarding with it",
        ),
        pytest.param(OFF, {"voicemailMode": "receptionist"}, {"voicemailEnabled": True}, id="mode"),
        pytest.param(
            OFF,
            {"externalPhoneNumber": "(510) 555-0147"},
            {"externalPhoneNumber": OWN_PHONE, "voicemailEnabled": False},
            id="own phone",
        ),
        pytest.param(
            ON, {"externalPhoneNumber": None}, ON | {"externalPhoneNumber": None}, id="no phone"
        ),
        pytest.param(
            ON, {"externalPhoneNumber": ""}, ON | {"externalPhoneNumber": None}, id="blank phone"
        ),
        pytest.param(ON, {"forwardingEnabled": True}, FORWARDING, id="forwarding"),
        pytest.param(
            FORWARDING,
            {"forwardingConfirmed": True},
            FORWARDING | {"forwardingConfirmed": True},
            id="confirmed",
        ),
        pytest.param(CONFIRMED, {}, CONFIRMED, id="nothing"),
    ],
)
def test_each_field_changes_what_follows_and_keeps_the_rest(script, owner, before, body, after):
    number = make_number(owner, **columns(before))
    answer = script.change(**body)
    assert answer.status_code == 200
    assert answer.json().keys() == RECORD
    assert answer.json().items() >= (before | body | after).items()
    assert stored(number).items() >= after.items()
    assert answer.json() == script.active().json()


@pytest.mark.V1
@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({"voicemail": True}, {"voicemail": "unknown_field"}),
        ({"voicemail_enabled": True}, {"voicemail_enabled": "unknown_field"}),
        ({"voicemailEnabled": "true"}, {"voicemailEnabled": "invalid"}),
        ({"voicemailEnabled": 1}, {"voicemailEnabled": "invalid"}),
        ({"voicemailEnabled": None}, {"voicemailEnabled": "null"}),
        ({"forwardingEnabled": {}}, {"forwardingEnabled": "invalid"}),
        ({"forwardingConfirmed": [True]}, {"forwardingConfirmed": "invalid"}),
        ({"voicemailMode": "robot"}, {"voicemailMode": "invalid_choice"}),
        ({"voicemailMode": ["none"]}, {"voicemailMode": "invalid_choice"}),
        ({"voicemailMode": ""}, {"voicemailMode": "invalid_choice"}),
        ({"voicemailMode": None}, {"voicemailMode": "null"}),
        ({"externalPhoneNumber": 5105550147}, {"externalPhoneNumber": "invalid"}),
        ({"externalPhoneNumber": "555 0100"}, {"externalPhoneNumber": "invalid_phone_number"}),
        ({"externalPhoneNumber": "1" * 33}, {"externalPhoneNumber": "max_length"}),
        ({"externalPhoneNumber": "+1\0"}, {"externalPhoneNumber": "null_characters_not_allowed"}),
        (
            {"voicemailEnabled": "on", "forwardingEnabled": "on"},
            {"voicemailEnabled": "invalid", "forwardingEnabled": "invalid"},
        ),
    ],
)
def test_what_is_no_setting_is_refused(script, owner, body, refused):
    number = make_number(owner, **columns(CONFIRMED))
    assert field_errors(script.change(**body)) == refused
    assert stored(number) == CONFIRMED


@pytest.mark.V1
def test_a_refused_field_refuses_the_whole_change(script, owner):
    number = make_number(owner, **columns(ON))
    answer = script.change(voicemailMode="receptionist", forwardingConfirmed=True)
    assert field_errors(answer) == {"forwardingConfirmed": "forwarding_off"}
    problem_of(answer, 400, "forwarding_off")
    assert stored(number) == ON


@pytest.mark.V1
@pytest.mark.parametrize("status", ["purchasing", "releasing", "released", "failed", None])
def test_without_an_active_number_there_is_nothing_to_set(script, owner, status):
    if status:
        make_number(owner, status=status)
    problem_of(script.change(voicemailEnabled=True), 409, "no_number")


@pytest.mark.D6
@pytest.mark.parametrize(
    "before", [OFF, ON, CONFIRMED], ids=["from off", "from on", "from confirmed"]
)
def test_a_whole_body_is_taken_just_when_it_is_legal(script, owner, before):
    number = make_number(owner)
    for body in WHOLE_BODIES:
        UserPhoneNumber.objects.filter(pk=number.pk).update(**columns(before))
        answer = script.change(**body)
        if is_legal(body):
            assert (answer.status_code, stored(number)) == (200, body)
        else:
            assert field_errors(answer).keys() <= FIELDS.keys()
            assert field_errors(answer)
            assert stored(number) == before


@pytest.mark.D6
@pytest.mark.parametrize(
    "before",
    [
        pytest.param(OFF, id="from off", marks=pytest.mark.check),
        pytest.param(ON, id="from on", marks=pytest.mark.check),
        pytest.param(CONFIRMED, id="from confirmed"),
    ],
)
def test_every_body_leaves_a_legal_row_or_none_at_all(script, owner, before):
    """Each field left out or given any of its values: what is taken stands as it was sent."""
    number = make_number(owner)
    absent = object()
    values = [(absent, *each) for each in (SWITCH, MODES, PHONES, SWITCH, SWITCH)]
    answers = set()
    for combination in itertools.product(*values):
        body = {
            name: value
            for name, value in zip(FIELDS, combination, strict=True)
            if value is not absent
        }
        UserPhoneNumber.objects.filter(pk=number.pk).update(**columns(before))
        answer = script.change(**body)
        answers.add(answer.status_code)
        after = stored(number)
        if answer.status_code == 200:
            assert is_legal(after), body
            assert after.items() >= body.items()
        else:
            assert field_errors(answer).keys() <= FIELDS.keys(), body
            assert after == before
    assert answers == {200, 400}


@pytest.mark.D6
@pytest.mark.parametrize("row", WHOLE_BODIES, ids=str)
def test_the_database_takes_a_row_just_when_it_keeps_the_rules(owner, row):
    number = make_number(owner)
    try:
        with transaction.atomic():
            UserPhoneNumber.objects.filter(pk=number.pk).update(**columns(row))
        taken = True
    except IntegrityError:
        taken = False
    assert taken == keeps_the_rules(row)
