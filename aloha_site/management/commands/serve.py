"""`manage.py serve`: the web server, for pages, webhooks and sockets."""

import socket
import warnings
from typing import Any

import uvicorn
from django.core.management.base import BaseCommand, CommandError, CommandParser

# A media frame is under 1 KiB; anything near this is not a carrier speaking.
MAX_SOCKET_MESSAGE_BYTES = 64 * 1024
STOP_SECONDS = 3


class Command(BaseCommand):
    """Runs until SIGTERM or Ctrl-C."""

    help = "Serve Aloha on one address."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--share-port",
            action="store_true",
            help="let other processes serve the same port: the system spreads connections",
        )

    def handle(self, *args: Any, host: str, port: int, share_port: bool, **options: Any) -> None:
        # Static files and audio come from iterators that Django reads whole; it says so each time.
        warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous")
        # Imported here: the rooms behind it want Django's apps to be ready.
        from aloha_site.asgi import application

        with _listen(host, port, share_port=share_port) as listener:
            self.stdout.write(f"Listening on {host}, port {listener.getsockname()[1]}.")
            config = uvicorn.Config(
                application,
                loop="uvloop",
                http="httptools",
                ws="websockets-sansio",
                ws_max_size=MAX_SOCKET_MESSAGE_BYTES,
                ws_per_message_deflate=False,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=STOP_SECONDS,
            )
            uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int, *, share_port: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server(
            (host, port), family=family, backlog=2048, reuse_port=share_port
        )
    except (OSError, OverflowError) as error:
        raise CommandError(f"Cannot listen on {host}, port {port}: {error}.") from error
