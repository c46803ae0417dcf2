"""Files of the storage that no recording names, so that a crash leaves none that nobody knows of."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from accounts.row_policies import ProtectRows


class Migration(migrations.Migration):
    """The policy has no effect on SQLite."""

    dependencies = [("telephony", "0016_audio_erased")]

    operations = [
        migrations.CreateModel(
            name="UnnamedFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200, unique=True)),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "call",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="unnamed_files",
                        to="telephony.call",
                    ),
                ),
            ],
        ),
        ProtectRows("telephony_unnamedfile", owner="call_id", through="telephony_call"),
    ]
