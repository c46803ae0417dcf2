"""`manage.py fakerealtime`: hear the whole path of a call without a key, with canned words."""

import asyncio
import contextlib
import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agent.fake_live.manner import LiveManner
from agent.fake_live.server import FakeLive
from agent.fake_realtime.manner import Manner
from agent.fake_realtime.script import canned_conversation
from agent.fake_realtime.server import FakeRealtime


class Command(BaseCommand):
    """A stand-in for OpenAI's voice APIs on this machine; it understands nothing."""

    help = "Serve a stand-in for OpenAI's Realtime or Live API, for development without a key."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8790)
        parser.add_argument(
            "--latency", metavar="MS", type=int, default=400, help="until an answer can be heard"
        )
        parser.add_argument("--live", action="store_true", help="the Live API, not Realtime")

    def handle(self, *args: Any, port: int, latency: int, live: bool, **options: Any) -> None:
        """Serve until Ctrl-C."""
        try:
            asyncio.run(self._serve(port, latency, live=live))
        except OSError as error:
            raise CommandError(f"Cannot listen on port {port}: {error}.") from error

    async def _serve(self, port: int, latency_ms: int, *, live: bool) -> None:
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            # Only the main thread may; elsewhere the task is cancelled instead.
            with contextlib.suppress(ValueError, RuntimeError):
                loop.add_signal_handler(name, stopped.set)
        server: FakeLive | FakeRealtime
        if live:
            variables = "OPENAI_AGENT=live OPENAI_LIVE_URL"
            live_manner = LiveManner(latency_ms=latency_ms)
            server = FakeLive(canned_conversation, manner=live_manner, port=port)
        else:
            variables = "OPENAI_REALTIME_URL"
            manner = Manner(latency_ms=latency_ms)
            server = FakeRealtime(canned_conversation, manner=manner, port=port)
        async with server:
            self.stdout.write(f"Listening on {server.url}. Start Aloha with")
            self.stdout.write(f"  OPENAI_API_KEY=none {variables}={server.url} ./dev up")
            self.stdout.write("and call it with ./dev call. Ctrl-C stops this.")
            await stopped.wait()
