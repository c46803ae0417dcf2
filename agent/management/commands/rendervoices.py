"""`manage.py rendervoices`: renders ahead what owners hear when they choose a voice."""

import asyncio
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agent import voice_samples
from agent.backends.base import get_backend
from agent.errors import AgentError


class Command(BaseCommand):
    """Each voice greets once; voices that were rendered before are left alone."""

    help = "Render a sample of every voice on offer; costs a few seconds of the agent each."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--again", action="store_true", help="also those that are there")

    def handle(self, *args: Any, **options: Any) -> None:
        backend = get_backend()
        if not backend.can_speak_freely:
            raise CommandError("The built-in agent has one voice; set OPENAI_API_KEY for others.")
        there = set() if options["again"] else voice_samples.rendered()
        for voice in backend.voices():
            if voice.name in there:
                continue
            try:
                path = asyncio.run(voice_samples.render(backend, voice.name))
            except AgentError as error:
                raise CommandError(f"{voice.label}: {error}") from error
            self.stdout.write(f"{voice.label}: {path}")
