"""Messages that are made anew, because more of their call came than there was before."""

from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.row_security import service_scope
from telephony import kept_endings, recording
from telephony.models import Call, CarrierRecording
from voicemail.models import PREPARED_STAGES, Erasure, Message, Stage


def reopen_messages() -> int:
    """Take up messages again whose recording the carrier announced late; how many there were."""
    late = CarrierRecording.objects.waiting().filter(
        call__audio_erased_at__isnull=True,
        call__message__stage__in=PREPARED_STAGES,
        call__message__erased_at__isnull=True,
    )
    with service_scope():
        call_ids = set(late.values_list("call_id", flat=True))
    return sum(reopen(call_id) for call_id in call_ids)


def fetch_put_off() -> int:
    """Ask the carrier for recordings that could not be had for long; how many were had now."""
    return recording.fetch_put_off(also=reopen)


def write_down_endings() -> int:
    """Give the database what waits on the disk of calls' ends; how many endings were done with."""
    return kept_endings.write_down_endings(also=reopen)


def reopen(call_id: UUID) -> int:
    """Have what was made of a call made anew; how many messages that are.

    Done in the transaction that stores what came, it stands and falls with it. A worker
    that has the message in hand loses its claim. What the owner put away or read was another
    message; that of a forgotten caller stays away, and so does one that is being erased.
    """
    forgotten = Erasure.objects.of_caller(
        owner=OuterRef("owner"), phone_number=OuterRef("call__from_number")
    )
    messages = Message.objects.filter(~Exists(forgotten), call_id=call_id, erased_at=None)
    being_erased = Q(deleted_at__isnull=False, call__audio_erased_at__isnull=False)
    with service_scope():
        # Erasing a deleted message begins under this lock.
        Call.objects.select_for_update(no_key=True).filter(id=call_id).first()
        return (
            messages.exclude(being_erased)
            .exclude(stage=Stage.COLLECTED)
            .update(
                stage=Stage.COLLECTED,
                next_step_at=timezone.now(),
                attempts=0,
                **dict.fromkeys(("read_at", "archived_at", "deleted_at", "words_erased_at")),
            )
        )
