"""`manage.py repointnumbers`: after a change of PUBLIC_BASE_URL."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from telephony.errors import ProviderError
from telephony.number_sync import repoint_numbers


class Command(BaseCommand):
    """The worker does the same within five minutes; until then calls go to the old address."""

    help = "Send the calls of every number of ours to the present PUBLIC_BASE_URL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            steps = repoint_numbers(dry_run=options["dry_run"])
        except ProviderError as error:
            raise CommandError(f"Not all numbers were repointed; run it again: {error}") from error
        for step in steps:
            self.stdout.write(f"{step.phone_number} to {settings.PUBLIC_BASE_URL}")
        if not steps:
            self.stdout.write(f"Every number sends its calls to {settings.PUBLIC_BASE_URL}.")
