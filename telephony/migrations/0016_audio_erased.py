"""When a call's audio was erased: what comes of it later is not kept."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("telephony", "0015_put_off_recordings")]

    operations = [
        migrations.AddField(
            model_name="call",
            name="audio_erased_at",
            field=models.DateTimeField(
                blank=True, help_text="From then on no audio of the call is kept.", null=True
            ),
        ),
    ]
