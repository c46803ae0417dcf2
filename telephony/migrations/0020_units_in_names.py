"""Length and cost of a call say their units; nothing of the table changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("telephony", "0019_name_of_the_agent")]

    operations = [
        migrations.AlterField(
            model_name="call",
            name="cost_usd",
            field=models.DecimalField(
                blank=True,
                decimal_places=5,
                max_digits=10,
                null=True,
                verbose_name="cost (US$)",
            ),
        ),
        migrations.AlterField(
            model_name="call",
            name="duration_s",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="duration (s)"),
        ),
    ]
