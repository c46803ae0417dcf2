"""What staff do, written down for good; its own owner sees it."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from accounts.append_only import AppendOnly
from accounts.row_policies import ProtectRows


class Migration(migrations.Migration):
    """The triggers stand on both databases; the policy has no effect on SQLite."""

    dependencies = [
        ('accounts', '0001_users'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('action', models.CharField(help_text='What was done, in the past tense.', max_length=60)),
                ('target_type', models.CharField(blank=True, max_length=60)),
                ('target_id', models.CharField(blank=True, max_length=64)),
                ('reason', models.CharField(max_length=200)),
                ('request_id', models.UUIDField(help_text='Stands in the log line of the act, too.')),
                ('ip', models.GenericIPAddressField(blank=True, null=True)),
                ('at', models.DateTimeField(default=django.utils.timezone.now)),
                ('actor', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='acts', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(blank=True, db_constraint=False, help_text="Whose data it was; empty when it was everybody's.", null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='audit_events', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-at', '-pk'),
                'permissions': [('read_content', 'Can read and hear what was said in calls, with a reason'), ('release_numbers', 'Can give numbers back'), ('sync_numbers', 'Can compare numbers with the provider'), ('retry_messages', 'Can run the steps of messages again'), ('force_classic', 'Can take calls from agents'), ('end_calls', 'Can end calls'), ('export_rows', 'Can export lists')],
                'indexes': [models.Index(fields=['owner', '-at'], name='audit_of_owner'), models.Index(fields=['target_type', 'target_id', '-at'], name='audit_of_target'), models.Index(fields=['actor', '-at'], name='audit_of_actor')],
            },
        ),
        AppendOnly("accounts_auditevent"),
        ProtectRows("accounts_auditevent", owner="owner_id"),
    ]
