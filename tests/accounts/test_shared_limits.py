"""Log-in limits are counted once for all processes, in the database."""

import subprocess
import sys

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection

from tests.peers.processes import ROOT, environment_for

GUESS = """
import sys, django
django.setup()
from django.test import Client
client = Client(SERVER_NAME="localhost")
for attempt in range(int(sys.argv[1])):
    form = {"login": f"{sys.argv[2]}{attempt}@example.com", "password": "wrong"}
    page = client.post("/accounts/login/", form).content.decode()
print("stopped" if "Too many failed attempts" in page else "may go on")
"""


def guess(times: int, *, names: str) -> str:
    """Guess passwords in a process of its own; whether the last guess was stopped."""
    environment = environment_for("http://127.0.0.1:8000")
    done = subprocess.run(
        [sys.executable, "-c", GUESS, str(times), names],
        cwd=ROOT,
        env=environment | {"DJANGO_SETTINGS_MODULE": "aloha_site.settings"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.strip().splitlines()[-1]


@pytest.fixture
def empty_cache(transactional_db):
    cache.clear()
    yield
    cache.clear()


@pytest.mark.check
def test_what_one_process_counted_stops_the_next_one(empty_cache):
    assert guess(10, names="a") == "may go on"
    assert guess(1, names="b") == "stopped"


@pytest.mark.django_db(transaction=True)
def test_migrating_makes_the_table_and_takes_it_back():
    call_command("migrate", "accounts", "0003", verbosity=0)
    try:
        assert "accounts_cache" not in connection.introspection.table_names()
    finally:
        call_command("migrate", verbosity=0)
    assert "accounts_cache" in connection.introspection.table_names()
