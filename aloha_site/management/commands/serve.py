"""`manage.py serve`: the web server, for pages, webhooks and sockets."""

import gc
import logging
import socket
import warnings
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

logger = logging.getLogger(__name__)

# A media frame is under 1 KiB; anything near this is not a carrier speaking.
MAX_SOCKET_MESSAGE_BYTES = 64 * 1024
# Connections that wait to be accepted.
BACKLOG = 2048
# Longer than proxies keep an idle connection: who closes first must not be us, or a request that
# is just on its way is lost.
KEEP_ALIVE_SECONDS = 75
# So many more containers than before are made until the collector looks for cycles among them.
YOUNG_OBJECTS = 2_000


class Command(BaseCommand):
    """Runs until SIGTERM or Ctrl-C; then until its calls are over or handed over."""

    help = "Serve Aloha on one address. Stopping takes up to DRAIN_SECONDS while calls run."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--share-port",
            action="store_true",
            help="let other processes serve the same port: the system spreads connections, and a "
            "successor can start before this one stops",
        )
        parser.add_argument(
            "--role",
            choices=["all", "web", "media"],
            default="all",
            help="media: the carrier's webhooks and sockets alone; web: everything else",
        )
        parser.add_argument(
            "--access-log", action="store_true", help="log every request, without tokens"
        )

    def handle(
        self,
        *args: Any,
        host: str,
        port: int,
        share_port: bool,
        role: str,
        access_log: bool,
        **options: Any,
    ) -> None:
        # Static files and audio come from iterators that Django reads whole; it says so each time.
        warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous")
        # Imported here: it wants Django's apps to be ready.
        from aloha_site.direct_sockets import DirectWebSocket, Http
        from aloha_site.serving import DrainingServer

        with _listen(host, port, share_port=share_port) as listener:
            logger.info("Listening on %s, port %d.", host, listener.getsockname()[1])
            config = uvicorn.Config(
                _application(role, access_log=access_log),
                loop="uvloop",
                http=Http,
                ws=DirectWebSocket,
                ws_max_size=MAX_SOCKET_MESSAGE_BYTES,
                ws_per_message_deflate=False,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=DrainingServer.STOP_SECONDS,
            )
            spare_the_collector()
            DrainingServer(
                config, listener=listener, drain_s=settings.DRAIN_SECONDS
            ).run_until_stopped()


def _application(role: str, *, access_log: bool) -> Any:
    """Aloha as this process serves it."""
    from aloha_site.asgi import application
    from aloha_site.http_edge import AccessLog, CloseWhileDraining
    from aloha_site.roles import OnlyInRole, Role

    served = CloseWhileDraining(OnlyInRole(application, Role(role)))
    return AccessLog(served) if access_log else served


def spare_the_collector() -> None:
    """Keep what never goes away out of the garbage collector's sight, and its passes short.

    They stop all calls: over all of Django's objects for 20 ms, and over what twenty passes had
    left for 100 ms. Requests and calls leave little that refers to itself.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, 10, 25)


def _listen(host: str, port: int, *, share_port: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server(
            (host, port), family=family, backlog=BACKLOG, reuse_port=share_port
        )
    except (OSError, OverflowError) as error:
        raise CommandError(f"Cannot listen on {host}, port {port}: {error}.") from error
