"""The table of numbers: its fields, its rules, its migrations."""

import uuid

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction

from accounts.models import User
from telephony.models import NumberStatus, UserPhoneNumber
from tests.factories import make_number, make_user

pytestmark = pytest.mark.D1

DEFAULTS = {
    "twilio_phone_sid": "",
    "country": "US",
    "area_code": None,
    "status": "purchasing",
    "is_active": False,
    "voicemail_enabled": False,
    "voicemail_mode": "none",
    "external_phone_number": None,
    "forwarding_enabled": False,
    "forwarding_confirmed": False,
    "forwarding_verified_at": None,
    "webhook_base_url": "",
    "sync_attempts": 0,
    "sync_after": None,
}
WITHOUT_DEFAULT = {"id", "user", "phone_number", "created_at", "updated_at"}


def test_the_table_has_exactly_these_fields():
    assert UserPhoneNumber._meta.db_table == "user_phone_numbers"
    fields = {field.name for field in UserPhoneNumber._meta.local_fields}
    assert fields == DEFAULTS.keys() | WITHOUT_DEFAULT


def test_a_new_row_has_these_values(owner):
    number = UserPhoneNumber.objects.create(user=owner, phone_number="+14155550132")
    row = UserPhoneNumber.objects.filter(pk=number.pk).values(*DEFAULTS).get()
    assert row == DEFAULTS


def test_ids_are_uuids_also_those_of_users(owner):
    number = make_number(owner)
    assert isinstance(number.pk, uuid.UUID)
    assert isinstance(owner.pk, uuid.UUID)


def test_the_time_of_the_last_change_moves(owner):
    number = make_number(owner)
    before = number.updated_at
    number.save()
    assert number.updated_at > before
    assert number.created_at <= before


@pytest.mark.parametrize("status", NumberStatus.values)
def test_only_an_active_number_is_active(owner, status):
    assert make_number(owner, status=status).is_active == (status == "active")


def test_an_owner_with_a_number_cannot_be_deleted(owner):
    make_number(owner)
    with pytest.raises(models.ProtectedError):
        owner.delete()


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"twilio_phone_sid": ""}, id="active without a provider SID"),
        pytest.param({"status": "sold"}, id="unknown status"),
        pytest.param({"voicemail_mode": "robot"}, id="unknown mode"),
        pytest.param({"voicemail_enabled": True}, id="voicemail without a mode"),
        pytest.param(
            {"forwarding_enabled": True, "external_phone_number": "+15105550147"},
            id="forwarding without voicemail",
        ),
        pytest.param(
            {
                "forwarding_enabled": True,
                "voicemail_enabled": True,
                "voicemail_mode": "receptionist",
            },
            id="forwarding without an external number",
        ),
        pytest.param({"forwarding_confirmed": True}, id="confirmed without forwarding"),
    ],
)
def test_the_database_refuses_an_illegal_row(owner, fields):
    with pytest.raises(IntegrityError):
        make_number(owner, **fields)


@pytest.mark.parametrize("rule", ["one_active_number_per_user", "one_purchase_per_user"])
def test_the_database_refuses_a_second_number_on_its_way(owner, rule):
    status = "active" if rule == "one_active_number_per_user" else "purchasing"
    make_number(owner, status=status)
    with pytest.raises(IntegrityError):
        make_number(owner, status=status)


@pytest.mark.D5
@pytest.mark.parametrize("first", ["purchasing", "active", "releasing"])
@pytest.mark.parametrize("second", ["purchasing", "active", "releasing"])
def test_the_database_refuses_two_live_rows_of_one_number(owner, stranger, first, second):
    make_number(owner, phone_number="+14155550132", status=first)
    with pytest.raises(IntegrityError):
        make_number(stranger, phone_number="+14155550132", status=second)


@pytest.mark.D5
@pytest.mark.parametrize("gone", ["released", "failed", "lost"])
def test_a_number_that_is_gone_may_be_taken_by_another(owner, stranger, gone):
    make_number(owner, phone_number="+14155550132", status=gone)
    assert make_number(stranger, phone_number="+14155550132").is_active


@pytest.mark.D3
def test_the_database_refuses_a_provider_sid_twice(owner, stranger):
    make_number(owner, twilio_phone_sid="PN1", status="released")
    with pytest.raises(IntegrityError):
        make_number(stranger, twilio_phone_sid="PN1")


@pytest.mark.D3
def test_many_rows_may_have_no_provider_sid(owner):
    for _ in range(2):
        make_number(owner, twilio_phone_sid="", status="failed")
    assert owner.phone_numbers.count() == 2


def test_an_active_number_and_a_purchase_may_stand_side_by_side(owner):
    make_number(owner)
    make_number(owner, status="purchasing")
    assert owner.phone_numbers.count() == 2


def test_models_and_migrations_agree(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.check
@pytest.mark.django_db(transaction=True)
def test_migrations_go_back_and_forward():
    call_command("migrate", "telephony", "zero", verbosity=0)
    try:
        assert UserPhoneNumber._meta.db_table not in connection.introspection.table_names()
    finally:
        call_command("migrate", verbosity=0)
    with transaction.atomic():
        make_number(make_user("after@example.com"))
    assert User.objects.get().phone_numbers.count() == 1
