"""`manage.py doctor`: says what is there, what is missing, and what that means."""

import logging
from itertools import chain
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from aloha_site import doctor, live_doctor


class Command(BaseCommand):
    """Looks and tells; asks nobody outside without --live."""

    help = "Say what this installation has and what each thing unlocks."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--live",
            action="store_true",
            help="ask Twilio and OpenAI too; the agent says a word",
        )

    def handle(self, *args: Any, live: bool, **options: Any) -> None:
        findings = []
        logging.disable(logging.INFO)  # its own words say it
        try:
            for finding in chain(doctor.examine(), live_doctor.ask_providers() if live else ()):
                findings.append(finding)
                sign = "!" if finding.is_fault else "+" if finding.is_there else "-"
                self.stdout.write(f"{sign} {finding.name + ':':21} {finding.says}")
        finally:
            logging.disable(logging.NOTSET)
        faults = [finding.name for finding in findings if finding.is_fault]
        if faults:
            raise CommandError(f"Aloha cannot work like this: {', '.join(faults)}.")
