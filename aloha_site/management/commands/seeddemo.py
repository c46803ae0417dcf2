"""`manage.py seeddemo`: something to look at and to log in with, in development."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from aloha_site import demo


class Command(BaseCommand):
    """Safe to run twice."""

    help = "Make the demo owner, two messages and the support user. Development only."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Demo data has well-known passwords: it needs DEBUG=1.")
        number = demo.seed(now=timezone.now())
        self.stdout.write(f"Owner:    {demo.OWNER_EMAIL} / {demo.OWNER_PASSWORD}")
        self.stdout.write(f"Support:  {demo.SUPPORT_EMAIL} / {demo.SUPPORT_PASSWORD}")
        self.stdout.write(f"Number:   {number.phone_number}")
