"""What waits for an owner is found in its order, however much she has read."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('telephony', '0019_name_of_the_agent'),
        ('voicemail', '0013_mail_refusals_counted'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='message',
            name='unread_messages',
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('archived_at__isnull', True), ('deleted_at__isnull', True), ('erased_at__isnull', True), ('read_at__isnull', True)), fields=['owner', '-started_at', '-id'], name='unread_in_order'),
        ),
    ]
