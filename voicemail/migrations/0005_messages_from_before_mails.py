from django.db import migrations

from accounts.row_security import service_scope


def close(apps, schema_editor):
    """Messages that were ready before e-mails existed: searchable, and nobody is told of them now."""
    Message = apps.get_model("voicemail", "Message")
    with service_scope():
        for message in Message.objects.select_related("call").iterator(chunk_size=500):
            lines = message.call.transcript.order_by("start_ms", "position")
            said = [line.text for line in lines if line.text]
            words = [message.caller_name, message.call.from_number, message.summary, *said]
            message.search_text = "\n".join(word for word in words if word).casefold()
            message.owner_id, message.started_at = message.call.owner_id, message.call.started_at
            if not message.reason:
                message.reason = message.summary[:200]
            if message.stage == "summarised":
                message.stage = "notified"
                message.mail_state = "not_wanted"
            message.save()


def reopen(apps, schema_editor):
    """The code before this knows no later stage, nor those between."""
    Message = apps.get_model("voicemail", "Message")
    with service_scope():
        Message.objects.filter(stage="notified").update(stage="summarised")
        Message.objects.filter(stage="transcribed").update(stage="audio_ready")


class Migration(migrations.Migration):

    dependencies = [
        ('telephony', '0005_outbound_calls_and_limits'),
        ('voicemail', '0004_contacts_and_preferences'),
    ]

    operations = [migrations.RunPython(close, reopen)]
