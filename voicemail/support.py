"""What staff do about messages and what was said: safe to repeat, and written down with it."""

from datetime import timedelta

from django.utils import timezone

from accounts import audit
from accounts.audit import Who
from accounts.models import AuditEvent, User
from accounts.row_security import staff_scope
from telephony.models import Call
from voicemail.models import Message, Stage

RETRIED = "had a message prepared again"
READ_WORDS = "read the transcript"
HEARD_AUDIO = "listened to the recording"
LOOKS = (READ_WORDS, HEARD_AUDIO)

# A look that was written down opens the content to whoever looked, for so long.
LOOK_LASTS = timedelta(minutes=15)


def retry_message(message: Message, who: Who) -> bool:
    """Let the worker take the message's step now; False when there is none or it is due anyway."""
    now = timezone.now()
    waiting = Message.objects.exclude(stage=Stage.NOTIFIED).filter(
        pk=message.pk, erased_at__isnull=True
    )
    with staff_scope():
        changed = waiting.filter(next_step_at__gt=now).update(
            next_step_at=now, attempts=0, refusals=0
        )
        if changed:
            audit.record(who, RETRIED, owner=message.call.owner, target=message)
    return changed > 0


def note_look(call: Call, who: Who, action: str) -> AuditEvent:
    """Write down that somebody is about to read or hear a call; opens it to her for a while."""
    with staff_scope():
        return audit.record(who, action, owner=call.owner, target=call)


def granted_look(call: Call, user: User, *, look_id: int) -> AuditEvent | None:
    """The look that opens this call to this member of staff now, None when there is none."""
    looks = AuditEvent.objects.about(call).filter(pk=look_id, actor=user, action__in=LOOKS)
    return looks.filter(at__gt=timezone.now() - LOOK_LASTS).first()
