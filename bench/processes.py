"""Starts the candidates, ends them, and reads what they use."""

import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60
STOP_SECONDS = 10
SECRET_KEY = "of-a-measurement-that-ends-with-its-own-database-0123456789"  # noqa: S105
NUMBER = "+14155550100"
_CLOCK_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024
DATABASE = f"""
from django.core.management import call_command
call_command("migrate", interactive=False, verbosity=0)
from accounts.models import User
from accounts.row_security import service_scope
from telephony.models import NumberStatus, UserPhoneNumber
with service_scope():
    known = UserPhoneNumber.objects.filter(phone_number={NUMBER!r}).exists()
    known or UserPhoneNumber.objects.create(
        user=User.objects.create_user("owner@example.com", None, name="Nora Whitfield"),
        phone_number={NUMBER!r}, twilio_phone_sid="SIMULATED_SID_{"0" * 32}",
        area_code="415", status=NumberStatus.ACTIVE,
    )
"""


class NotStarted(Exception):
    """A candidate did not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A running bridge."""

    name: str
    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        """Its public address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def has_webhooks(self) -> bool:
        """Whether a call begins with a request of the carrier, as with ours."""
        return self.name.startswith("aloha")

    def cpu_seconds(self) -> float:
        """Time on the processor of all its threads so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS_PER_SECOND

    def rss_kib(self) -> int:
        """Memory that it has in use."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * _PAGE_KIB


def signing_key() -> str:
    """What simulated carriers of such an installation sign with."""
    return hashlib.sha256(f"aloha.webhook.v1:{SECRET_KEY}".encode()).hexdigest()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def environment(
    folder: Path, *, port: int, realtime_port: int, database_url: str
) -> dict[str, str]:
    """A production installation, but for the limits that so many calls at once run into."""
    realtime_url = f"ws://127.0.0.1:{realtime_port}/v1/realtime"
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "aloha_site.settings",
        "DEBUG": "0",
        "ALOHA_ALLOW_MOCK": "1",
        "ALOHA_ALLOW_SQLITE": "1",
        "SECRET_KEY": SECRET_KEY,
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "ALOHA_VAR_DIR": str(folder / "var"),
        "DATABASE_URL": database_url or f"sqlite:///{folder / 'bench.sqlite3'}",
        "OPENAI_API_KEY": "sk-bench",
        "OPENAI_REALTIME_URL": realtime_url,
        "BENCH_REALTIME_URL": f"{realtime_url}?model=gpt-realtime-2.1",
        "AGENT_CALLS_PER_NUMBER": "100000",
        "AGENT_CALLS_AT_ONCE": "100000",
        "AGENT_MINUTES_PER_DAY": "100000000",
        "MAX_CALL_SECONDS": "100000",
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
    }


def prepare_database(env: Mapping[str, str]) -> None:
    """Tables, an owner, and the number that everybody calls."""
    done = subprocess.run(  # noqa: S603  # our own command
        [sys.executable, "manage.py", "shell", "-c", DATABASE],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotStarted(done.stdout + done.stderr)


@contextlib.contextmanager
def running(
    names: Sequence[str],
    folder: Path,
    *,
    realtime_port: int,
    database_url: str,
    core: int,
    priority: bool,
) -> Iterator[list[Candidate]]:
    """All these bridges, each in its process, ended with the block."""
    candidates: list[Candidate] = []
    try:
        for name in names:
            port = free_port()
            env = environment(
                folder, port=port, realtime_port=realtime_port, database_url=database_url
            )
            if not candidates:
                prepare_database(env)
            candidates.append(_start(name, port, folder, env, core=core, priority=priority))
        for candidate in candidates:
            _wait_for(candidate, folder)
        yield candidates
    finally:
        for candidate in candidates:
            _stop(candidate)


def _start(
    name: str, port: int, folder: Path, env: Mapping[str, str], *, core: int, priority: bool
) -> Candidate:
    options = ["--port", str(port), "--core", str(core), *(["--priority"] if priority else [])]
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, "-m", "bench.candidate", name, *options],
            cwd=ROOT,
            env=env,
            stdout=log,
            stderr=log,
        )
    return Candidate(name=name, port=port, process=process)


def _wait_for(candidate: Candidate, folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", candidate.port)):
            return
        if candidate.process.poll() is not None or time.monotonic() > deadline:
            log = (folder / f"{candidate.name}.log").read_text(errors="replace")
            raise NotStarted(f"{candidate.name} did not start:\n{log}")
        time.sleep(0.05)


def _stop(candidate: Candidate) -> None:
    candidate.process.send_signal(signal.SIGTERM)
    try:
        candidate.process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        candidate.process.kill()
        candidate.process.wait()
