"""The cast of every test: an owner, a stranger who is never allowed anything, and support."""

import pytest

from accounts.models import User
from tests.factories import make_user


@pytest.fixture
def owner(db: None) -> User:
    return make_user("owner@example.com", name="Nora Whitfield", time_zone="America/Los_Angeles")


@pytest.fixture
def stranger(db: None) -> User:
    return make_user("stranger@example.com", name="Max Stranger")


@pytest.fixture
def support(db: None) -> User:
    return make_user("support@example.com", name="Sam Support", is_staff=True)
