"""The cast of every test, the real server, and the real browser."""

import gc
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from asgiref.sync import SyncToAsync
from django.conf import settings as django_settings
from django.db import connection, connections
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from pytest_django import Settings

from accounts.models import User
from telephony import webhook_runner
from tests.factories import make_user
from tests.order import pytest_collection_modifyitems, pytest_xdist_make_scheduler  # noqa: F401
from tests.peers import puppet_agent
from tests.peers.server import SERVERS
from tests.row_scopes import see_all_rows
from voicemail.mail_rest import mail_rest

connection_created.connect(see_all_rows)

SETTINGS = pytest.StashKey[dict[str, object]]()

CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--screenshots", metavar="DIR", help="write a picture of every page there (check tier)"
    )


def pytest_configure() -> None:
    post_migrate.connect(let_events_be_deleted)


def let_events_be_deleted(**sent: object) -> None:
    """Between tests SQLite is emptied row by row, which the triggers against it would refuse.

    The triggers' own tests put them back.
    """
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            for table in ("telephony_numberevent", "accounts_auditevent"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {table}_no_delete")


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """What is collected stays to the end: the garbage collector need not look at it again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """A test that leaves a setting changed fails itself, not those after it.

    Whatever runs an event loop may leave work behind in the thread where loops ask the database,
    and that work has to end before the database is taken away from the test: halfway through its
    transaction it could neither ask nor roll back, its connection would begin another transaction
    with the next query of that thread, and the tables could never be emptied.
    """
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()
    yield
    # With the last test the session ends, which puts Django's own settings back; and before the
    # first that is not skipped there are none to compare with.
    if nextitem is not None and SETTINGS in item.config.stash:
        before, after = item.config.stash[SETTINGS], current_settings()
        item.config.stash[SETTINGS] = after
        left = [name for name in before | after if before.get(name) != after.get(name)]
        assert not left, f"left changed: {', '.join(left)}"


@pytest.fixture(scope="session", autouse=True)
def settings_at_first(pytestconfig: pytest.Config, django_test_environment: None) -> None:
    pytestconfig.stash[SETTINGS] = current_settings()


def current_settings() -> dict[str, object]:
    """Read past Django's lazy object: asking it for every name takes half a millisecond."""
    return dict(vars(django_settings._wrapped))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Give the connection back that async tests share, or the database cannot be dropped."""
    yield
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.fixture(autouse=True)
def fresh_carrier_spool(settings: Settings) -> None:
    """No test finds the requests that another one kept, nor a circuit or a rest that it began."""
    settings.SPOOL_DIR = Path(settings.VAR_DIR) / "carrier-spools" / uuid.uuid4().hex
    webhook_runner.breaker.succeeded()
    mail_rest.end()


@pytest.fixture
def puppet(settings: Settings) -> None:
    """Calls are answered by an agent that does what the test says."""
    settings.AGENT = {"BACKEND": "tests.peers.puppet_agent.PuppetBackend", "OPTIONS": {}}
    puppet_agent.opened.clear()


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
def aloha_url(
    request: pytest.FixtureRequest, transactional_db: None, settings: Settings
) -> Iterator[str]:
    """Aloha on a real server; PUBLIC_BASE_URL points at it.

    uvicorn, or what `tests.peers.server.on_both_servers` says.
    """
    from aloha_site.asgi import application

    with SERVERS[getattr(request, "param", "uvicorn")](application) as port:
        settings.PUBLIC_BASE_URL = f"http://127.0.0.1:{port}"
        yield settings.PUBLIC_BASE_URL


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """Debian's Chromium; nothing is downloaded and nothing outside is asked."""
    if not CHROMIUM.exists():
        pytest.skip("needs Chromium")
    # Playwright's own loop makes Django refuse queries in the test's thread otherwise.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    return {"executable_path": str(CHROMIUM), "args": list(CHROMIUM_FLAGS)}
