"""`manage.py work`: turns finished calls into messages, until told to stop."""

import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import close_old_connections

from voicemail import processing

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 0.5


class Command(BaseCommand):
    """Runs the background work; any number of workers may run at once."""

    help = "Turn finished calls into messages. Stops on SIGTERM or Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due now, then stop")

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        if options["once"]:
            _work_once()
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        logger.info("worker started")
        while not stop.is_set():
            try:
                busy = _work_once()
            except Exception:
                # The outermost loop: a database that is away for a while must not end the work.
                logger.exception("work failed")
                busy = False
            if not busy:
                stop.wait(PAUSE_SECONDS)
        logger.info("worker stopped")


def _work_once() -> bool:
    close_old_connections()
    return (
        processing.collect_messages() + processing.reopen_messages() + processing.advance_messages()
        > 0
    )
