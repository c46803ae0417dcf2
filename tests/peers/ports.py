"""Ports for servers that start later."""

import secrets
import socket

# Below those that Linux and macOS hand to whoever asks for any: nobody else gets one meanwhile.
PORTS = range(20_000, 32_000)


def free_port() -> int:
    """One that nobody listens on, nor on the one after it."""
    for _ in range(100):
        port = secrets.choice(PORTS)
        try:
            for each in (port, port + 1):
                socket.create_server(("127.0.0.1", each)).close()
        except OSError:
            continue
        return port
    raise AssertionError("no free port in a hundred attempts")
