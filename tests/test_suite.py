"""What the suite itself promises to whoever writes a test."""

import os
import subprocess
import sys
from pathlib import Path

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


def test_a_test_that_leaves_a_setting_changed_fails_itself(tmp_path):
    probe = tmp_path / "test_probe.py"
    probe.write_text(PROBE)
    (tmp_path / "conftest.py").write_text("from tests.conftest import *")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-c", ROOT / "pyproject.toml"),
            *("-p", "no:cacheprovider", probe),
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "left changed: ALLOWED_HOSTS" in done.stdout
    assert "3 passed, 1 error" in done.stdout
    assert "ERROR at teardown of test_that_leaves_a_setting_changed" in done.stdout
