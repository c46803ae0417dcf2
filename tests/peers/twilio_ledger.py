"""Twilio's peer as a process of its own: what was bought outlives whoever bought it.

Run as a module it prints its address and serves until its standard input closes.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator

from tests.peers.processes import ROOT
from tests.peers.twilio_rest import twilio_peer


@contextlib.contextmanager
def twilio_ledger() -> Iterator[str]:
    """The base address of a ledger that lives as long as the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.peers.twilio_ledger"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


if __name__ == "__main__":
    with twilio_peer() as account:
        sys.stdout.write(f"{account.base_url}\n")
        sys.stdout.flush()
        sys.stdin.read()
