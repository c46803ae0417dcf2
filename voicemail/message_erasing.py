"""Erasing one message: all of it, or its words while the recording is kept."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.row_security import service_scope
from telephony import audio_spool
from telephony import erasing as telephony_erasing
from telephony.models import CarrierRecording, Recording
from voicemail import searching
from voicemail.models import Contact, Message, Stage
from voicemail.words import words_of


def erase_message(message: Message) -> None:
    """Erase a message's audio and words for good. Raises ProviderError, to be called again."""
    telephony_erasing.erase_audio(message.call)
    telephony_erasing.erase_words(message.call)
    with service_scope():
        Message.objects.filter(id=message.id).update(
            **_blank(), **_taken_from_workers(timezone.now()), erased_at=timezone.now()
        )


def erase_words_of(message: Message) -> None:
    """Erase a message's words; all of it where no recording is kept. May be called again."""
    with service_scope():
        has_audio = (
            Recording.objects.filter(call=message.call).exists()
            or CarrierRecording.objects.filter(call=message.call).exists()
            or audio_spool.holds(message.call_id)
        )
    if has_audio:
        _erase_words_alone(message)
    else:
        erase_message(message)


def _erase_words_alone(message: Message) -> None:
    """Erase a message's words; it stays in the inbox for its recording, and says what went.

    Names that the owner gave herself are hers and stay, and the number is the call log's.
    """
    telephony_erasing.erase_words(message.call)
    with service_scope():
        call = message.call
        contact = Contact.objects.filter(owner=call.owner, phone_number=call.from_number).first()
        message.caller_name = contact.name if contact and call.from_number else ""
        message.reason = message.summary = ""
        kept = {
            "caller_name": message.caller_name,
            "search_text": searching.text_of(message, words_of(call)),
        }
        now = timezone.now()
        Message.objects.filter(id=message.id).update(
            **_blank() | kept, **_taken_from_workers(now), words_erased_at=now
        )


def _blank() -> dict[str, str]:
    texts = ("caller_name", "reason", "callback_number", "summary", "search_text", "last_error")
    return dict.fromkeys(texts, "")


def _taken_from_workers(now: datetime) -> dict[str, Any]:
    """A worker that has the message in hand loses its claim, and writes nothing back."""
    return {"stage": Stage.NOTIFIED, "next_step_at": now}
