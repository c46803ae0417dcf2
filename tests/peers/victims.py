"""Processes of Aloha that are killed in the middle of what they do.

One process loads Aloha once and forks for every step, so that a kill costs a fork and not a start:
what is forked is a whole process with its own database connection, and what it gets is SIGKILL.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.peers.processes import ROOT, environment_for

_FORKER = """
import json, os, sys, traceback
import requests
from accounts.models import User
from telephony import numbers
for line in sys.stdin:
    order = json.loads(line)
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            victim = {"pid": os.getpid(), "method": order["method"], "moment": order["moment"]}
            requests.post(order["ledger"] + "/victim", victim).raise_for_status()
            user = User.objects.get(email=order["email"])
            getattr(numbers, order["function"])(user=user, **order["arguments"])
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
"""


class Forker:
    """Takes one step after the other, each in a process that the ledger may kill."""

    def __init__(self, popen: "subprocess.Popen[str]", log: Path) -> None:
        self._popen = popen
        self._log = log

    def run(self, **order: object) -> int:
        """The exit code of the step's process; minus nine when it was killed."""
        self._popen.stdin.write(json.dumps(order) + "\n")
        self._popen.stdin.flush()
        answer = self._popen.stdout.readline().strip()
        assert answer in {"0", "-9"}, self._log.read_text()
        return int(answer)


@contextlib.contextmanager
def forker(folder: Path, *, url: str) -> Iterator[Forker]:
    """A forker that lives as long as the block, on the database of the test."""
    log = folder / "forker.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", _FORKER],
            cwd=ROOT,
            env=environment_for(url) | {"PYTHONWARNINGS": "ignore"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
        )
    with process:
        try:
            yield Forker(process, log)
        finally:
            process.stdin.close()
