"""Staff of the support, in their groups."""

from importlib import import_module

from django.apps import apps
from django.contrib.auth.models import Group
from django.test import Client

from accounts.models import User
from tests.factories import make_user

REASON = "ticket 48213: callers hear nothing"


def make_staff(group: str) -> User:
    """Somebody in one of the groups, which the migration makes; emptied tables have lost them."""
    import_module("accounts.migrations.0003_staff_groups").make_groups(apps, None)
    user = make_user(f"{group.replace(' ', '.').lower()}@example.com", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


def browser_of(group: str) -> Client:
    """The admin, opened by somebody of this group."""
    client = Client()
    client.force_login(make_staff(group))
    return client
