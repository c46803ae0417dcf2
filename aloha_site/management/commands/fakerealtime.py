"""`manage.py fakerealtime`: hear the whole path of a call without a key, with canned words."""

import asyncio
import contextlib
import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agent.fake_realtime.manner import Manner
from agent.fake_realtime.script import canned_conversation
from agent.fake_realtime.server import FakeRealtime


class Command(BaseCommand):
    """A stand-in for OpenAI's Realtime API on this machine; it understands nothing."""

    help = "Serve a stand-in for OpenAI's Realtime API, for development without a key."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8790)
        parser.add_argument(
            "--latency", metavar="MS", type=int, default=400, help="until an answer can be heard"
        )

    def handle(self, *args: Any, port: int, latency: int, **options: Any) -> None:
        """Serve until Ctrl-C."""
        try:
            asyncio.run(self._serve(port, latency))
        except OSError as error:
            raise CommandError(f"Cannot listen on port {port}: {error}.") from error

    async def _serve(self, port: int, latency_ms: int) -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            # Only the main thread may; elsewhere the task is cancelled instead.
            with contextlib.suppress(ValueError, RuntimeError):
                loop.add_signal_handler(name, stopped.set)
        manner = Manner(latency_ms=latency_ms)
        async with FakeRealtime(canned_conversation, manner=manner, port=port) as server:
            self.stdout.write(f"Listening on {server.url}. Start Aloha with")
            self.stdout.write(f"  OPENAI_API_KEY=none OPENAI_REALTIME_URL={server.url} ./dev up")
            self.stdout.write("and call it with ./dev call. Ctrl-C stops this.")
            await stopped.wait()
