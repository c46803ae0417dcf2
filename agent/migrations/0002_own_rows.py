"""Row level security over the owners' agents."""

from django.db import migrations

from accounts.row_policies import ProtectRows


class Migration(migrations.Migration):
    """Has no effect on SQLite."""

    dependencies = [("agent", "0001_agent_profiles")]

    operations = [ProtectRows("agent_agentprofile", owner="user_id")]
