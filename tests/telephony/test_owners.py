"""An owner of a live number stays."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.test import Client

from accounts.models import User
from telephony import numbers
from telephony.errors import HasLiveNumber
from telephony.models import LIVE_STATUSES
from telephony.owners import refuse_deletion
from tests.factories import make_number, make_user

pytestmark = pytest.mark.D4
GONE = ["released", "failed", "lost"]


@pytest.fixture
def as_admin(db) -> Client:
    client = Client()
    client.force_login(make_user("root@example.com", is_staff=True, is_superuser=True))
    return client


def in_the_admin(client: Client, user: User) -> str:
    page = client.get(f"/admin/accounts/user/{user.pk}/change/")
    assert page.status_code == 200
    return page.content.decode()


def delete_by_hand(user: User) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_user WHERE email = %s", [user.email])
    connection.check_constraints()


@pytest.mark.parametrize("status", LIVE_STATUSES)
def test_an_owner_of_a_live_number_is_not_deleted(owner, status):
    make_number(owner, phone_number="+14155550132", status=status)
    with pytest.raises(HasLiveNumber, match=rf"\(415\) 555-0132 is {status}. Release"):
        refuse_deletion(owner)


@pytest.mark.parametrize("status", GONE)
def test_a_number_that_is_gone_keeps_nobody(owner, stranger, status):
    make_number(owner, status=status)
    make_number(stranger)
    refuse_deletion(owner)


@pytest.mark.parametrize("status", [*LIVE_STATUSES, *GONE])
def test_what_was_paid_for_stays_whoever_deletes(owner, status):
    make_number(owner, status=status)
    with pytest.raises(ProtectedError):
        owner.delete()
    with pytest.raises(ProtectedError):
        User.objects.filter(pk=owner.pk).delete()
    assert User.objects.filter(pk=owner.pk).exists()


def test_the_database_itself_refuses_to_delete_an_owner(owner):
    make_number(owner)
    with pytest.raises(IntegrityError), transaction.atomic():
        delete_by_hand(owner)
    assert User.objects.filter(pk=owner.pk).exists()


def test_the_admin_says_why_an_owner_cannot_be_deleted(as_admin, owner):
    make_number(owner, phone_number="+14155550132")
    text = in_the_admin(as_admin, owner)
    assert "This account cannot be deleted: (415) 555-0132 is active. Release the number" in text
    numbers.release_number(user=owner)
    assert "No live number stands in the way." in in_the_admin(as_admin, owner)


def test_the_admin_deletes_no_owner(as_admin, owner):
    make_number(owner)
    gone = as_admin.post(f"/admin/accounts/user/{owner.pk}/delete/", {"post": "yes"})
    assert gone.status_code == 403
    assert User.objects.filter(pk=owner.pk).exists()


def test_an_owners_numbers_stand_beside_her_in_the_admin(as_admin, owner):
    make_number(owner, phone_number="+14155550132")
    assert "+14155550132" in in_the_admin(as_admin, owner)
