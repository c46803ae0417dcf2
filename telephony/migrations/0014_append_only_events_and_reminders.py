"""Numbers' histories that nothing changes, and reminders of forwarding that outlives a number."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from accounts.row_policies import ProtectRows
from telephony.append_only import AppendOnly


class Migration(migrations.Migration):
    """The triggers stand on both databases; the policy has no effect on SQLite."""

    dependencies = [("telephony", "0011_calls_by_number")]

    operations = [
        AppendOnly("telephony_numberevent"),
        migrations.CreateModel(
            name="ForwardingReminder",
            fields=[
                (
                    "number",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="forwarding_reminder",
                        serialize=False,
                        to="telephony.userphonenumber",
                    ),
                ),
                ("due_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("sent_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("sent_at__isnull", True)),
                        fields=["due_at"],
                        name="reminders_to_send",
                    )
                ],
            },
        ),
        ProtectRows(
            "telephony_forwardingreminder", owner="number_id", through="user_phone_numbers"
        ),
    ]
