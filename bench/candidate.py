"""One bridge in a process of its own, on a core of its own: `python -m bench.candidate NAME`."""

import argparse
import os
from collections.abc import Callable

PRIORITY = 20


def serve_aloha(port: int) -> None:
    """Ours, by the command that serves it in production."""
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", "serve", "--port", str(port)])


def serve_aloha_with_daphne(port: int) -> None:
    """Ours on the other server that Channels knows."""
    from daphne.server import Server

    from aloha_site.asgi import application

    _with_daphne(Server, application, port)


def serve_plain_consumer(port: int) -> None:
    """A plain Channels consumer on uvicorn."""
    _set_django_up()
    from bench.plain_consumer import app

    _with_uvicorn(app, port)


def serve_plain_consumer_with_daphne(port: int) -> None:
    """A plain Channels consumer on Daphne."""
    _set_django_up()
    from daphne.server import Server

    from bench.plain_consumer import app

    _with_daphne(Server, app, port)


def serve_fastapi_bridge(port: int) -> None:
    """The usual sample."""
    from bench.fastapi_bridge import app

    _with_uvicorn(app, port)


CANDIDATES: dict[str, Callable[[int], None]] = {
    "aloha_uvicorn": serve_aloha,
    "aloha_daphne": serve_aloha_with_daphne,
    "plain_uvicorn": serve_plain_consumer,
    "plain_daphne": serve_plain_consumer_with_daphne,
    "fastapi": serve_fastapi_bridge,
}


def _set_django_up() -> None:
    import django

    django.setup()


def _with_uvicorn(app: object, port: int) -> None:
    import uvicorn

    uvicorn.run(
        app,  # type: ignore[arg-type]  # its own protocol for applications
        port=port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        lifespan="off",
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=3,
    )


def _with_daphne(server: type, app: object, port: int) -> None:
    server(app, endpoints=[f"tcp:port={port}:interface=127.0.0.1"]).run()


def take_core(core: int, *, priority: bool) -> bool:
    """Stay on one core, ahead of everything else if we may; whether we may."""
    os.sched_setaffinity(0, {core})
    if not priority:
        return False
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PRIORITY))
    except PermissionError:
        return False
    return True


def main() -> None:
    """Serve until a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m bench.candidate")
    parser.add_argument("name", choices=CANDIDATES)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--core", type=int, required=True)
    parser.add_argument("--priority", action="store_true")
    options = parser.parse_args()
    take_core(options.core, priority=options.priority)
    CANDIDATES[options.name](options.port)


if __name__ == "__main__":
    main()
