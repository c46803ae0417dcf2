"""`manage.py doctor`: says what is there, what is missing, and what that means."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from aloha_site import doctor


class Command(BaseCommand):
    """Looks and tells; changes nothing and asks nobody outside."""

    help = "Say what this installation has and what each thing unlocks."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        findings = list(doctor.examine())
        for finding in findings:
            sign = "!" if finding.is_fault else "+" if finding.is_there else "-"
            self.stdout.write(f"{sign} {finding.name + ':':21} {finding.says}")
        faults = [finding.name for finding in findings if finding.is_fault]
        if faults:
            raise CommandError(f"Aloha cannot work like this: {', '.join(faults)}.")
