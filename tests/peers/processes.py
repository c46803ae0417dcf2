"""Aloha's own processes, as an operator starts them, on the database of the test."""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30


class Process:
    """A running management command; everything it prints goes to one file.

    `changes` are laid over what the environment says otherwise.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *arguments: str,
        url: str,
        changes: Mapping[str, str] | None = None,
    ) -> None:
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as output:
            self.popen = subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=ROOT,
                env=environment_for(url) | (changes or {}),
                stdout=output,
                stderr=output,
            )

    def wait_for(self, pattern: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not re.search(pattern, self.log.read_text()):
            assert self.popen.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.02)

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait()


@contextlib.contextmanager
def started(*processes: Process) -> Iterator[None]:
    """End the processes with the block, whatever happened."""
    try:
        yield
    finally:
        for process in processes:
            process.kill()


def environment_for(url: str) -> dict[str, str]:
    """What a process needs to serve `url` on the database of the test."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "aloha_site.settings",
        "DEBUG": "1",
        "SECRET_KEY": settings.SECRET_KEY,
        "PUBLIC_BASE_URL": url,
        "ALOHA_VAR_DIR": str(settings.VAR_DIR),
        "DATABASE_URL": _database_url(),
        "PYTHONUNBUFFERED": "1",
    }


def _database_url() -> str:
    """The test's own database, whose name Django has changed."""
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    host = given["OPTIONS"].get("host") or given["HOST"]
    return f"postgres://{given['USER']}@/{given['NAME']}?host={quote(str(host), safe='/')}"
