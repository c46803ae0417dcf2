"""Aloha itself, served by uvicorn on a loopback port, as a peer for callers and browsers."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from aloha_site.direct_sockets import DirectWebSocket, Http
from tests.peers.daphne_server import serve_with_daphne


@contextlib.contextmanager
def serve(application: object, *, start_seconds: float = 10) -> Iterator[int]:
    """Serve an ASGI application from a thread; yields the port."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        config = uvicorn.Config(
            application,  # type: ignore[arg-type]
            http=Http,  # both as in manage.py serve
            ws=DirectWebSocket,
            loop="uvloop",
            ws_per_message_deflate=False,
            ws_max_size=65536,
            lifespan="off",
            log_config=None,
            timeout_graceful_shutdown=5,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            deadline = time.monotonic() + start_seconds
            while not server.started:
                assert time.monotonic() < deadline, "the server did not start"
                time.sleep(0.01)
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


SERVERS = {"uvicorn": serve, "daphne": serve_with_daphne}
on_both_servers = pytest.mark.parametrize("aloha_url", list(SERVERS), indirect=True)
"""For tests whose `aloha_url` is to be served by each in turn."""
measured_on_both_servers = pytest.mark.parametrize(
    "aloha_url", ["uvicorn", pytest.param("daphne", marks=pytest.mark.soak)], indirect=True
)
"""For times: Daphne, which serves development, keeps them on a quiet machine only."""
