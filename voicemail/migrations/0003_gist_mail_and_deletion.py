import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('voicemail', '0002_own_rows'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='message',
            name='messages_to_do',
        ),
        migrations.AddField(
            model_name='message',
            name='archived_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='callback_number',
            field=models.CharField(blank=True, help_text='E.164; empty when there is none to dial.', max_length=16),
        ),
        migrations.AddField(
            model_name='message',
            name='deleted_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='erased_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='mail_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='message',
            name='mail_state',
            field=models.CharField(blank=True, choices=[('', 'None'), ('handing_over', 'Handing Over'), ('sent', 'Sent'), ('not_wanted', 'Not Wanted'), ('unclear', 'Unclear')], default='', max_length=16),
        ),
        migrations.AddField(
            model_name='message',
            name='reason',
            field=models.CharField(blank=True, help_text='What it is about, in a line.', max_length=200),
        ),
        migrations.AddField(
            model_name='message',
            name='search_text',
            field=models.TextField(blank=True, help_text='Everything that a search looks at, in small letters.'),
        ),
        migrations.AddField(
            model_name='message',
            name='summary_source',
            field=models.CharField(blank=True, choices=[('rule', 'Rule'), ('model', 'Model')], max_length=8),
        ),
        migrations.AddField(
            model_name='message',
            name='urgency',
            field=models.CharField(choices=[('low', 'Low'), ('normal', 'Normal'), ('high', 'High')], default='normal', max_length=8),
        ),
        migrations.AlterField(
            model_name='message',
            name='stage',
            field=models.CharField(choices=[('collected', 'Collected'), ('audio_ready', 'Audio Ready'), ('transcribed', 'Transcribed'), ('summarised', 'Summarised'), ('notified', 'Notified')], default='collected', max_length=16),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('stage', 'notified'), _negated=True), fields=['next_step_at'], name='messages_to_do'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('deleted_at__isnull', False), ('erased_at__isnull', True)), fields=['deleted_at'], name='messages_to_erase'),
        ),
        migrations.AddField(
            model_name='message',
            name='owner',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='message',
            name='started_at',
            field=models.DateTimeField(help_text='When the call came in.', null=True),
        ),
    ]
