"""A PostgreSQL of one test's own, which can be stopped, frozen and held up by a lock."""

import contextlib
import os
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from urllib.parse import quote

import psycopg
import pytest

from tests.peers.processes import ROOT


def _dev() -> ModuleType:
    """`./dev` as a module: it knows how to make a cluster, also as root."""
    loader = SourceFileLoader("dev_command", str(ROOT / "dev"))
    spec = spec_from_loader("dev_command", loader)
    module = module_from_spec(spec)
    sys.modules["dev_command"] = module
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


class Postgres:
    """One cluster and its server; `url` stays the same over stops and starts."""

    def __init__(self, programs: Path, home: Path, dev: ModuleType) -> None:
        self._programs, self._home, self._dev = programs, home, dev
        self.url = f"postgres://aloha@/aloha?host={quote(str(home), safe='/')}"
        self._server = None

    def start(self) -> None:
        self._server = self._dev.start_postgres(self._programs, self._home)
        self._dev.wait_for_postgres(self._server, self._home)

    def stop(self) -> None:
        if self._server:
            self._dev.stop([self._server], signal.SIGINT, 10)
            self._server = None

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        self.stop()
        yield
        self.start()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Every process of the server stands still; the sockets stay open."""
        processes = [self._server.pid, *self._children()]
        self._signal(processes, signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(processes, signal.SIGCONT)

    @contextlib.contextmanager
    def held_up(self) -> Iterator[None]:
        """The server answers, but not about numbers: somebody holds their table."""
        with self.connected() as connection, connection.transaction():
            connection.execute("LOCK TABLE user_phone_numbers IN ACCESS EXCLUSIVE MODE")
            yield

    @contextlib.contextmanager
    def slowed(self, seconds: float) -> Iterator[None]:
        """The table of numbers is held again and again, for so long each time."""
        over, is_held = threading.Event(), threading.Event()

        def hold() -> None:
            while not over.is_set():
                with self.held_up():
                    is_held.set()
                    over.wait(seconds)

        thread = threading.Thread(target=hold)
        thread.start()
        try:
            assert is_held.wait(10), "the table cannot be held"
            yield
        finally:
            over.set()
            thread.join()

    def connected(self) -> psycopg.Connection:
        """As the superuser, whom no row policy binds."""
        return psycopg.connect(
            host=str(self._home), user="postgres", dbname="aloha", autocommit=True
        )

    def execute(self, statement: str) -> None:
        with self.connected() as connection:
            connection.execute(statement)

    def rows(self, query: str, *values: object) -> list[tuple]:
        with self.connected() as connection:
            return connection.execute(query, values).fetchall()

    def _children(self) -> list[int]:
        found = Path(f"/proc/{self._server.pid}/task/{self._server.pid}/children").read_text()
        return [int(pid) for pid in found.split()]

    def _signal(self, processes: list[int], number: int) -> None:
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


@contextlib.contextmanager
def private_postgres() -> Iterator[Postgres]:
    """A running server on a fresh cluster; skips the test where PostgreSQL is not installed."""
    dev = _dev()
    try:
        programs = dev.find_postgres_programs()
    except dev.Trouble as reason:
        pytest.skip(f"needs PostgreSQL: {reason}")
    folder, claim = dev.make_cluster_folder()
    postgres = None
    try:
        postgres = Postgres(programs, dev.make_cluster(programs, folder), dev)
        postgres.start()
        yield postgres
    finally:
        if postgres:
            postgres.stop()
        shutil.rmtree(folder)
        os.close(claim)
