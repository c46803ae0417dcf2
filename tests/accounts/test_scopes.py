"""Scopes as transactions, on any database."""

import pytest

from accounts.models import User
from accounts.row_security import service_scope, user_scope

pytestmark = [pytest.mark.S2, pytest.mark.django_db(transaction=True)]


def test_what_fails_in_a_scope_is_rolled_back(owner):
    def change_and_fail():
        with user_scope(owner.pk):
            User.objects.filter(pk=owner.pk).update(name="Changed")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_and_fail()
    owner.refresh_from_db()
    assert owner.name == "Nora Whitfield"


def test_a_durable_scope_refuses_to_stand_in_another_transaction(owner):
    with user_scope(owner.pk), pytest.raises(RuntimeError, match="durable"):  # noqa: SIM117
        with service_scope(durable=True):
            pass
