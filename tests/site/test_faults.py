"""What browsers and scripts are told when something is wrong on our side."""

import pytest
from django.db import (
    IntegrityError,
    InternalError,
    OperationalError,
    ProgrammingError,
    connection,
)
from django.test import Client

from tests.contract.api_client import SETTINGS
from tests.factories import make_number

pytestmark = pytest.mark.A5

ADDRESSES = [("/aloha/inbox", "text/html"), (SETTINGS, "application/problem+json")]


def refuse(*_):
    raise OperationalError("gone away")


def break_off(*_):
    raise ZeroDivisionError


@pytest.fixture
def browser(owner) -> Client:
    make_number(owner)
    client = Client(raise_request_exception=False)
    client.force_login(owner)
    return client


@pytest.mark.parametrize(("path", "kind"), ADDRESSES, ids=["page", "api"])
def test_without_the_database_everybody_is_asked_to_come_back(browser, path, kind):
    with connection.execute_wrapper(refuse):
        answer = browser.get(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer["Content-Type"].startswith(kind)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        pytest.param(InternalError("cannot execute UPDATE", "25006"), 503, id="read-only"),
        pytest.param(ProgrammingError("relation does not exist"), 503, id="not migrated"),
        pytest.param(IntegrityError("violates a constraint"), 500, id="what was written"),
    ],
)
def test_a_database_that_will_take_it_later_is_away_as_well(browser, error, status):
    def fail(*_):
        raise error

    with connection.execute_wrapper(fail):
        assert browser.get(SETTINGS).status_code == status


@pytest.mark.parametrize(("path", "kind"), ADDRESSES, ids=["page", "api"])
def test_a_fault_of_ours_is_told_in_the_readers_form(browser, path, kind):
    with connection.execute_wrapper(break_off):
        answer = browser.get(path)
    assert answer.status_code == 500
    assert answer["Content-Type"].startswith(kind)


def test_a_script_reads_why_and_how_long(browser):
    with connection.execute_wrapper(refuse):
        problem = browser.get(SETTINGS).json()
    assert (problem["status"], problem["code"]) == (503, "unavailable")
    assert problem["instance"].startswith("urn:uuid:")
