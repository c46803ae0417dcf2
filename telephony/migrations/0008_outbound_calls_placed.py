"""What placing a call needs: its key, how the carrier was asked, and one call at a time."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("telephony", "0007_own_rows"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="idempotencykey",
            name="call",
            field=models.ForeignKey(
                blank=True,
                help_text="The call that the request led to, where it asked for one.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                to="telephony.call",
            ),
        ),
        migrations.AddField(
            model_name="simulatedcall",
            name="machine_detection",
            field=models.CharField(
                blank=True, default="", help_text="As the carrier was asked for it.", max_length=20
            ),
        ),
        migrations.AddField(
            model_name="simulatedcall",
            name="ring_seconds",
            field=models.PositiveSmallIntegerField(default=30),
        ),
        migrations.AddField(
            model_name="simulatedcall",
            name="status_url",
            field=models.CharField(default="", max_length=300),
        ),
        migrations.AddField(
            model_name="simulatedcall",
            name="url",
            field=models.CharField(
                default="", help_text="Where the carrier asks for TwiML.", max_length=300
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="agent_outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("finished", "finished"),
                    ("failed", "failed"),
                    ("caller_left", "caller_left"),
                    ("time_limit", "time_limit"),
                    ("opted_out", "opted_out"),
                    ("opted_out_by_key", "opted_out_by_key"),
                ],
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="call",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("direction", "outbound"),
                    ("purpose", "conversation"),
                    models.Q(
                        ("status__in", ("completed", "busy", "failed", "no-answer", "canceled")),
                        _negated=True,
                    ),
                ),
                fields=("owner",),
                name="one_running_outbound_call_per_owner",
            ),
        ),
    ]
