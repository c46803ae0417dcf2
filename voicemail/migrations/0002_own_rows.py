"""Row level security over messages."""

from django.db import migrations

from accounts.row_policies import ProtectRows


class Migration(migrations.Migration):
    """Has no effect on SQLite."""

    dependencies = [("voicemail", "0001_messages"), ("telephony", "0007_own_rows")]

    operations = [ProtectRows("voicemail_message", owner="call_id", through="telephony_call")]
