"""Calls that came in before the hint had a column of its own: a named number was one."""

from django.db import migrations


def fill(apps, schema_editor):
    apps.get_model("telephony", "Call").objects.exclude(forwarded_from="").update(
        was_forwarded=True
    )


class Migration(migrations.Migration):
    dependencies = [("telephony", "0005_outbound_calls_and_limits")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
