"""The cast of every test: an owner, a stranger who is never allowed anything, and support."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from accounts.models import User
from tests.factories import make_user
from tests.peers.server import serve


@pytest.fixture
def owner(db: None) -> User:
    return make_user("owner@example.com", name="Nora Whitfield", time_zone="America/Los_Angeles")


@pytest.fixture
def stranger(db: None) -> User:
    return make_user("stranger@example.com", name="Max Stranger")


@pytest.fixture
def support(db: None) -> User:
    return make_user("support@example.com", name="Sam Support", is_staff=True)


@pytest.fixture
def aloha_url(transactional_db: None, settings: Settings) -> Iterator[str]:
    """Aloha on a real server; PUBLIC_BASE_URL points at it."""
    from aloha_site.asgi import application

    with serve(application) as port:
        settings.PUBLIC_BASE_URL = f"http://127.0.0.1:{port}"
        yield settings.PUBLIC_BASE_URL
