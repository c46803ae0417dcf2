"""Aloha on Daphne, which serves `manage.py runserver`: for what has to hold on both servers.

Twisted's reactor runs once in a process and never again. So one Daphne serves them all from a
thread of its own, and each test puts its application into it.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

START_SECONDS = 10
FINISH_SECONDS = 10


class _Daphne:
    """The one server of this process."""

    def __init__(self) -> None:
        from daphne.server import Server  # installs the reactor

        self.application: Any = None
        self._running = 0
        self._server = Server(
            self._serve,
            endpoints=["tcp:port=0:interface=127.0.0.1"],
            signal_handlers=False,
        )
        threading.Thread(target=self._server.run, name="daphne", daemon=True).start()
        deadline = time.monotonic() + START_SECONDS
        while not self._server.listening_addresses:
            assert time.monotonic() < deadline, "Daphne did not start"
            time.sleep(0.01)
        self.port: int = self._server.listening_addresses[0][1]

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        self._running += 1
        try:
            await self.application(scope, receive, send)
        finally:
            self._running -= 1

    def wait_until_idle(self) -> None:
        """Wait for everything that still runs of a test, before its database is emptied."""
        deadline = time.monotonic() + FINISH_SECONDS
        while self._running:
            assert time.monotonic() < deadline, "a request or socket did not end"
            time.sleep(0.01)


_daphne: _Daphne | None = None


@contextlib.contextmanager
def serve_with_daphne(application: object) -> Iterator[int]:
    """Serve an ASGI application; yields the port."""
    global _daphne  # as the reactor is
    _daphne = _daphne or _Daphne()
    _daphne.application = application
    yield _daphne.port
    _daphne.wait_until_idle()
