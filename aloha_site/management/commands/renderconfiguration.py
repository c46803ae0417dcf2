"""`manage.py renderconfiguration`: write the table of all settings anew."""

from typing import Any

from django.core.management.base import BaseCommand

from aloha_site import configuration_page


class Command(BaseCommand):
    """Reads .env.example and settings.py, never the values that are set."""

    help = "Write docs/configuration.md from .env.example and settings.py."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        configuration_page.PAGE.write_text(configuration_page.render(), encoding="utf-8")
        self.stdout.write(f"Written: {configuration_page.PAGE.name}.")
