"""What the suite itself promises to whoever writes a test."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers.postgres import private_postgres

ROOT = Path(__file__).parent.parent
# What monkeypatch found is put back after the fixture that had put it there is undone.
PROBE = """
from django import conf

def test_that_leaves_a_setting_changed(settings, monkeypatch):
    settings.ALLOWED_HOSTS = ["found.example"]
    monkeypatch.setattr(conf.settings, "ALLOWED_HOSTS", ["set.example"])

def test_that_puts_it_back(settings):
    settings.ALLOWED_HOSTS = []

def test_after_them():
    pass
"""

# pytest-django takes the database away from every thread at a test's end.
LEFT_WORK = """
import time

import pytest
from asgiref.sync import SyncToAsync
from django.db import connection

from accounts.models import User
from accounts.row_security import service_scope

threads = SyncToAsync.single_thread_executor

def look_slowly():
    with service_scope():
        User.objects.exists()
        time.sleep(1)
        User.objects.exists()

def test_that_leaves_work_behind(db):
    threads.submit(look_slowly)
    time.sleep(0.5)

@pytest.fixture
def while_there_is_none():
    time.sleep(1)

def test_after_it(while_there_is_none, db):
    assert threads.submit(lambda: connection.get_autocommit()).result()
"""


def test_a_test_that_leaves_a_setting_changed_fails_itself(tmp_path):
    said = run(PROBE, tmp_path)
    assert "left changed: ALLOWED_HOSTS" in said
    assert "3 passed, 1 error" in said
    assert "ERROR at teardown of test_that_leaves_a_setting_changed" in said


@pytest.mark.check
def test_work_that_outlives_its_test_ends_before_the_database_is_taken_away(tmp_path):
    with private_postgres() as postgres:
        assert "2 passed" in run(LEFT_WORK, tmp_path, DATABASE_URL=postgres.url)


@pytest.mark.P6
@pytest.mark.measured
@pytest.mark.check
def test_all_tests_are_collected_within_three_seconds():
    took = []
    for _ in range(3):  # the quickest: what else the machine does only ever adds to it
        said = pytest_says("--collect-only", "-q", "tests", cwd=ROOT)
        found = re.search(r"^(\d+) tests collected in ([\d.]+)s", said, re.MULTILINE)
        assert found, said[-500:]
        assert int(found[1]) > 5_000
        took.append(float(found[2]))
    assert min(took) <= 3, took


def run(tests: str, folder: Path, **environment: str) -> str:
    """What pytest says about these tests, which our own fixtures serve."""
    probe = folder / "test_probe.py"
    probe.write_text(tests)
    (folder / "conftest.py").write_text("from tests.conftest import *")
    return pytest_says(probe, cwd=folder, **environment)


def pytest_says(*arguments: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml"),
            *("-p", "no:cacheprovider", *arguments),
        ],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout
