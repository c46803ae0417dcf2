"""Acts of staff are written down for good, and the owner concerned sees them."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import audit
from accounts.append_only import sqlite_trigger
from accounts.audit_forms import ReasonForm
from accounts.models import AuditEvent, User

TABLE = "accounts_auditevent"


@pytest.fixture
def who(support) -> audit.Who:
    return audit.Who(user=support, reason="ticket 7", request_id=uuid.uuid4())


@pytest.fixture
def event(who, owner) -> AuditEvent:
    with transaction.atomic():
        return audit.record(who, "read the transcript", owner=owner, target=owner)


@pytest.fixture
def delete_trigger(db):
    """On SQLite the one that the suite takes away, because it empties tables between tests."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(sqlite_trigger(TABLE, "DELETE"))


@pytest.mark.A1
def test_the_database_refuses_to_change_or_delete_an_act(event, delete_trigger):
    for statement in (f"DELETE FROM {TABLE}", f"UPDATE {TABLE} SET reason = 'none'"):
        with (
            pytest.raises(IntegrityError, match="never changed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    assert AuditEvent.objects.get().reason == "ticket 7"


@pytest.mark.django_db(transaction=True)
def test_an_act_is_written_in_a_transaction_only(who):
    with pytest.raises(RuntimeError, match="transaction"):
        audit.record(who, "released the number")


def test_an_act_that_fails_leaves_no_event(who, owner):
    def fail() -> None:
        with transaction.atomic():
            audit.record(who, "released the number", owner=owner)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not AuditEvent.objects.exists()


def test_an_owner_sees_what_was_done_about_her_and_nobody_elses(event, owner, stranger):
    assert [act.action for act in audit.acts_about(owner)] == ["read the transcript"]
    assert not audit.acts_about(stranger)


@pytest.mark.V6
def test_an_event_outlives_the_account_that_it_is_about(event, owner):
    User.objects.filter(pk=owner.pk).delete()
    assert AuditEvent.objects.get(pk=event.pk).owner_id == owner.pk


@pytest.mark.V6
@pytest.mark.parametrize("reason", ["call +1 (415) 555-0132", "nora@example.com wrote", "no"])
def test_a_reason_names_nobody_and_says_something(reason):
    assert not ReasonForm({"reason": reason}).is_valid()


def test_a_ticket_and_a_complaint_are_a_reason():
    assert ReasonForm({"reason": "ticket 48213: callers hear nothing"}).is_valid()
