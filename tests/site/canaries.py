"""What goes through everything and may stand in no log, and how to read what was logged."""

import io
import secrets

from django.core import mail
from django.db import connection
from django.db.models import Model

from tests.peers.twilio_rest import AUTH_TOKEN

CALLER = "+15105550163"
FORWARDER = "+442079460957"
NUMBER = "+14155550123"
PASSWORD = "canary-Bird-9-sings"
TOKEN = secrets.token_urlsafe(32)


class Log:
    """What was written. `leaks` names every canary found in it."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.secrets = {
            "caller": CALLER[-7:],
            "forwarder": FORWARDER[-7:],
            "password": PASSWORD,
            "token": TOKEN,
            "words": "xylophone",
            "auth token": AUTH_TOKEN,
        }

    @property
    def text(self) -> str:
        mails = [f"{message.subject}\n{message.body}" for message in mail.outbox]
        return "\n".join([self.stream.getvalue(), *mails])

    def forget(self) -> None:
        """Begin anew, so that what is found next is of what comes next."""
        self.stream.seek(0)
        self.stream.truncate()
        mail.outbox.clear()

    def leaks(self) -> list[str]:
        return [
            f"{name}: {line}"
            for line in self.text.splitlines()
            for name, secret in self.secrets.items()
            if secret in line
        ]


def take_away(model: type[Model]) -> None:
    """Rename the model's table, as in a database never migrated; the test's rollback undoes it."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {table}_gone")
