"""`manage.py syncnumbers`: make the provider's numbers and ours the same."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from telephony.models import Mover
from telephony.number_sync import sync_numbers


class Command(BaseCommand):
    """The worker does the same every five minutes; this is for looking, and for impatience."""

    help = (
        "Settle unclear purchases and unfinished releases by asking the provider, and repair "
        "where numbers send their calls. Numbers that are not ours are never touched."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
        parser.add_argument(
            "--accept-losses",
            action="store_true",
            help="believe an account that lacks most of our active numbers, or one to give back",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        run = sync_numbers(
            dry_run=options["dry_run"],
            who=Mover.OPERATOR,
            accept_losses=options["accept_losses"],
        )
        for step in run.steps:
            self.stdout.write(step)
        if run.error:
            raise CommandError(f"The provider's numbers cannot be listed: {run.error}")
        if not run.steps:
            self.stdout.write("Nothing to do: the provider's numbers and ours are the same.")
        if run.to_settle_by_hand:
            raise CommandError(f"To be settled by hand: {run.to_settle_by_hand}.")
