"""An outage of the mail server counts as no refusal of a mail."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('voicemail', '0012_words_erased_apart'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='refusals',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text='How many of the attempts the mail server answered with a refusal for good.'),
        ),
    ]
