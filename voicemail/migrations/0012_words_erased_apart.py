from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("voicemail", "0011_mail_refused"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="words_erased_at",
            field=models.DateTimeField(
                blank=True,
                help_text="When the words went, while the recording was kept.",
                null=True,
            ),
        ),
    ]
