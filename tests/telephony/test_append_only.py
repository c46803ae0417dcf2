"""What happened to a number stays written as it was."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.append_only import sqlite_trigger
from telephony import numbers
from telephony.models import NumberEvent
from tests.factories import make_number, make_user

TABLE = "telephony_numberevent"


@pytest.fixture
def event(owner) -> NumberEvent:
    make_number(owner)
    numbers.release_number(user=owner)
    return NumberEvent.objects.earliest("pk")


@pytest.fixture
def delete_trigger(db):
    """On SQLite the one that the suite takes away, because it empties tables between tests."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(sqlite_trigger(TABLE, "DELETE"))


def test_the_database_refuses_to_change_an_event(event):
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        NumberEvent.objects.filter(pk=event.pk).update(who="operator")
    event.refresh_from_db()
    assert event.who == "owner"


def test_the_database_refuses_to_delete_an_event(event, delete_trigger):
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        NumberEvent.objects.filter(pk=event.pk).delete()
    assert NumberEvent.objects.filter(pk=event.pk).exists()


def test_the_database_refuses_raw_statements_too(event, delete_trigger):
    for statement in (f"DELETE FROM {TABLE}", f"UPDATE {TABLE} SET to_status = 'lost'"):
        with (
            pytest.raises(IntegrityError, match="never changed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_the_admin_shows_events_and_neither_changes_nor_deletes_them(event):
    client = Client()
    client.force_login(make_user("root@example.com", is_staff=True, is_superuser=True))
    page = client.get(f"/admin/telephony/userphonenumber/{event.number_id}/change/")
    assert "releasing" in page.content.decode()
    assert 'name="_save"' not in page.content.decode()
    assert "deletelink" not in page.content.decode()
