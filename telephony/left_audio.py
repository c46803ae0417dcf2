"""Audio of calls that no message waits for: of those we made, or written later than it waited.

A process that died, or a storage that was away when a call ended, leaves it in the spool.
"""

import logging
import uuid

from accounts.row_security import service_scope
from telephony import audio_spool, recording
from telephony.models import Call

logger = logging.getLogger(__name__)

# A running call writes twice a second, and its end takes its audio within seconds.
RESTS_SECONDS = 120.0
# Audio without a call: erased, or from after the backup that the database was restored from.
WITHOUT_CALL_SECONDS = 30 * 86_400.0


def store_left_audio(
    *, rests_seconds: float = RESTS_SECONDS, also: recording.Also = recording.nothing_more
) -> set[uuid.UUID]:
    """Store what rests in the spool of calls that are over; which calls have audio now.

    `also` is done in the transaction that stores the audio of a call.
    """
    stored = set()
    for file in audio_spool.files():
        try:
            if _take(call_id := uuid.UUID(file.name.partition(".")[0]), rests_seconds, also):
                stored.add(call_id)
        except (ValueError, OSError, recording.Contended):
            # No file of ours, a storage that is still away, or a recording that others change.
            logger.exception("audio left in the spool", extra={"file": file.name})
    return stored


def _take(call_id: uuid.UUID, rests_seconds: float, also: recording.Also) -> bool:
    if not audio_spool.has_rested(call_id, rests_seconds):
        return False
    with service_scope():
        call = Call.objects.filter(id=call_id).only("status").first()
    if call is None:
        if not audio_spool.has_rested(call_id, WITHOUT_CALL_SECONDS):
            return False
        audio_spool.drop(call_id)
        return False
    return call.is_final and recording.store_spooled(call_id, also=also)
