"""Under which name the agent spoke on a call; of earlier calls it is not known."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("telephony", "0018_names_of_rows")]

    operations = [
        migrations.AddField(
            model_name="call",
            name="agent_name",
            # The database's own default: a server of before, still running, does not know it.
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The name under which the agent spoke.",
                max_length=40,
            ),
        ),
    ]
