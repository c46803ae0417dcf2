"""Recordings: the audio of a call as one file and one row, caller left, agent right.

Parts come from the spooled audio of a media stream and from what the carrier recorded after the
tone. Each is put behind what is there: a new file first, then the row that names it, then the
old file goes. A crash in between leaves the part where it was, to be added again, and a note of
the file that no row names (`unnamed_files`).
"""

import hashlib
import logging
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.row_security import service_scope
from agent.errors import AudioFormatError
from agent.session import Role, TranscriptSource
from agent.speech.mulaw import BYTES_PER_MS, SILENCE, decode
from agent.speech.wav import mulaw_header, mulaw_of
from telephony import audio_spool, audio_storage, unnamed_files
from telephony.backends.base import backend_for_call
from telephony.errors import ProviderRefused, ProviderUnclear
from telephony.models import Call, CarrierRecording, Recording, TranscriptLine

logger = logging.getLogger(__name__)

CHANNELS = 2
PEAK_BARS = 120
HEADER_BYTES = len(mulaw_header(0, channels=CHANNELS))
MESSAGE_LINE = 1_000_000  # position of the first message after the tone, behind all other lines
CONTENDED_TRIES = 5
# A message at a carrier that cannot be reached for hours is asked for this often, and this long.
ASK_AGAIN_AFTER = timedelta(hours=1)
ASKED_FOR = timedelta(days=30)

# Done with the id of a call in the transaction that stores its audio: both or neither.
Also = Callable[[uuid.UUID], object]

_LOUDNESS = bytes(
    round(100 * min(1.0, (abs(sample) / 32_124) ** 0.5)) for sample in decode(bytes(range(256)))
)


def nothing_more(call_id: uuid.UUID) -> None:
    """What is done where nothing hangs on the audio of a call."""


def store_recording(*, call: Call, caller: bytes, agent: bytes) -> Recording:
    """Keep both sides of a call, raw mu-law of equal length and not empty; once."""
    return _add(call.id, interleave(caller, agent), unless_there=True)


def store_spooled(call_id: uuid.UUID, *, also: Also = nothing_more) -> bool:
    """Move a call's spooled audio into its recording; whether there was any.

    Called twice, at the same time or after a crash between storing and removing, it stores the
    audio once, and does `also` once, in the same transaction.
    """
    was_any = False
    for part in audio_spool.set_aside(call_id):
        with suppress(_StoredAlready):
            was_any |= _store_part(call_id, part, also)
            part.unlink(missing_ok=True)
    return was_any


def _store_part(call_id: uuid.UUID, part: Path, also: Also) -> bool:
    """Whether there was audio in it. Raises _StoredAlready."""
    try:
        audio = part.read_bytes()
    except FileNotFoundError as error:
        raise _StoredAlready from error
    if audio:
        with suppress(AudioErased):  # what comes after that is dropped
            _add(call_id, audio, unless_there=True, spooled=part, also=lambda _: also(call_id))
    return bool(audio)


def fetch_carrier_recordings(call: Call, *, give_up: bool = False) -> None:
    """Fetch what the carrier recorded and put it behind what was said before.

    Each message after the tone becomes a line of the transcript. Raises ProviderUnclear while
    one cannot be had; with `give_up` it is put off instead, for `fetch_put_off`. Raises OSError.
    """
    for waiting in _announced(call):
        try:
            _fetch(waiting, call)
        except ProviderUnclear as error:
            if not give_up:
                raise
            _put_off(waiting, error)


def put_off_announced(call: Call, error: Exception) -> None:
    """Leave what the carrier recorded of a call to `fetch_put_off`, for this reason."""
    for waiting in _announced(call):
        _put_off(waiting, error)


def _announced(call: Call) -> list[CarrierRecording]:
    with service_scope():
        return list(CarrierRecording.objects.waiting().filter(call=call).order_by("id"))


def fetch_put_off(*, also: Also = nothing_more, limit: int = 20) -> int:
    """Ask for what could not be had for long; how many messages were had now.

    `also` is done in the transaction that stores one, with the id of its call. What cannot be
    stored is put off like what cannot be had: it holds up none of the others.
    """
    now = timezone.now()
    due = CarrierRecording.objects.put_off().filter(
        # Well beyond the longest wait: written by a clock that was ahead.
        Q(fetch_again_at__lte=now) | Q(fetch_again_at__gt=now + 2 * ASK_AGAIN_AFTER)
    )
    with service_scope():
        recordings = list(due.select_related("call").order_by("fetch_again_at")[:limit])
    return sum(_fetch_late(each, also) for each in recordings if _claim(each))


def _claim(put_off: CarrierRecording) -> bool:
    """Take it up unless another worker did; one that dies over it asks again as late as others."""
    with service_scope():
        unclaimed = CarrierRecording.objects.put_off().filter(
            id=put_off.id, fetch_again_at=put_off.fetch_again_at
        )
        return bool(unclaimed.update(fetch_again_at=timezone.now() + ASK_AGAIN_AFTER))


def _fetch_late(put_off: CarrierRecording, also: Also) -> bool:
    try:
        return _fetch(put_off, put_off.call, also)
    except ProviderUnclear as error:
        if timezone.now() - put_off.announced_at > ASKED_FOR:
            _mark_lost(put_off, str(error))
        else:
            _put_off(put_off, error)
    except (OSError, Contended) as error:
        # The carrier has it still: it is asked for as long as the message is kept.
        _put_off(put_off, error)
    return False


def _fetch(waiting: CarrierRecording, call: Call, also: Also = nothing_more) -> bool:
    """Whether there is a message now. Raises ProviderUnclear, and OSError of the storage."""
    try:
        wav = backend_for_call(simulated=call.simulated).fetch_recording(waiting.sid)
        message = mulaw_of(wav)
    except (AudioFormatError, ProviderRefused) as error:
        _mark_lost(waiting, str(error))
        return False
    try:
        _add_message(waiting, message, also)
    except AudioErased as error:
        # The carrier's copy is erased like the others of its call.
        _note_lost(waiting, str(error))
        return False
    return True


def _put_off(waiting: CarrierRecording, error: Exception) -> None:
    reason = f"{type(error).__name__}: {error}"[:200]
    logger.error(
        "carrier recording put off", extra={"call": str(waiting.call_id), "reason": reason}
    )
    with service_scope():
        CarrierRecording.objects.filter(id=waiting.id).update(
            fetch_again_at=timezone.now() + ASK_AGAIN_AFTER
        )


def caller_audio(call_id: uuid.UUID, *, start_ms: int, end_ms: int | None) -> bytes:
    """The caller's side of a part of the recording, mu-law; empty when there is none.

    Without `end_ms` to its end. Raises OSError. The storage is asked outside of every scope, so the
    caller is to be in none: it may take its time.
    """
    with service_scope():
        kept = Recording.objects.filter(call_id=call_id).first()
    if kept is None:
        return b""
    caller_alone = _stereo_of(kept)[0::CHANNELS]
    end = None if end_ms is None else end_ms * BYTES_PER_MS
    return caller_alone[start_ms * BYTES_PER_MS : end]


def interleave(caller: bytes, agent: bytes) -> bytes:
    """Two channels of equal length as the samples of a stereo file."""
    stereo = bytearray(CHANNELS * len(caller))
    stereo[0::CHANNELS] = caller
    stereo[1::CHANNELS] = agent
    return bytes(stereo)


def peaks_of(audio: bytes) -> list[int]:
    """Loudness of mu-law audio, 0 to 100, in at most PEAK_BARS equal parts."""
    if not audio:
        return []
    loudness = audio.translate(_LOUDNESS)
    size = -(-len(loudness) // PEAK_BARS)
    return [max(loudness[at : at + size]) for at in range(0, len(loudness), size)]


def _mark_lost(waiting: CarrierRecording, reason: str) -> None:
    logger.error("carrier recording lost", extra={"call": str(waiting.call_id), "reason": reason})
    _note_lost(waiting, reason)


def _note_lost(waiting: CarrierRecording, reason: str) -> None:
    with service_scope():
        CarrierRecording.objects.filter(id=waiting.id).update(lost_because=reason[:200])


def _add_message(waiting: CarrierRecording, message: bytes, also: Also) -> None:
    duration_ms = len(message) // BYTES_PER_MS
    earlier = CarrierRecording.objects.filter(call_id=waiting.call_id, id__lt=waiting.id)

    def note(recording: Recording) -> None:
        fetched = CarrierRecording.objects.filter(id=waiting.id, fetched_at__isnull=True)
        if not fetched.update(fetched_at=timezone.now()):
            raise Contended
        TranscriptLine.objects.create(
            call_id=waiting.call_id,
            position=MESSAGE_LINE + earlier.count(),
            role=Role.CALLER.value,
            start_ms=recording.duration_ms - duration_ms,
            end_ms=recording.duration_ms,
            source=TranscriptSource.NONE.value,
        )
        also(waiting.call_id)

    _add(waiting.call_id, interleave(message, bytes((SILENCE,)) * len(message)), also=note)


class _StoredAlready(Exception):
    """Somebody else has stored it meanwhile, or erased it."""


class Contended(Exception):
    """Somebody else changed the recording at the same moment."""


class AudioErased(Exception):
    """The call's audio is erased, and none is kept any more."""


class EarlierPartUnreadable(OSError):
    """What was stored of a call before cannot be read: nothing can be put behind it."""


def _add(
    call_id: uuid.UUID,
    stereo: bytes,
    *,
    unless_there: bool = False,
    spooled: Path | None = None,
    also: Callable[[Recording], object] | None = None,
) -> Recording:
    """Put audio behind a call's recording, and do `also` in the same transaction.

    With `unless_there` audio that the recording already ends with is not added again. Raises
    _StoredAlready once the file that it is `spooled` in has gone, AudioErased,
    EarlierPartUnreadable, and OSError of a storage that takes nothing.
    """
    for _ in range(CONTENDED_TRIES):
        with service_scope():
            existing = Recording.objects.filter(call_id=call_id).first()
        try:
            before = _earlier(existing) if existing is not None else b""
            # Asked after the recording was looked at: whoever stores more has removed this before.
            if spooled is not None and not spooled.exists():
                raise _StoredAlready
            if existing is not None and unless_there and before.endswith(stereo):
                return existing
            return _replace(existing or Recording(call_id=call_id), before + stereo, also)
        except (Contended, IntegrityError):
            logger.info("recording changed meanwhile", extra={"call": str(call_id)})
    raise Contended


def _replace(
    recording: Recording, stereo: bytes, also: Callable[[Recording], object] | None
) -> Recording:
    old_name, old_sha256 = str(recording.file.name or ""), recording.sha256
    wav = mulaw_header(len(stereo), channels=CHANNELS) + stereo
    recording.sha256 = hashlib.sha256(wav).hexdigest()
    recording.duration_ms = len(stereo) // CHANNELS // BYTES_PER_MS
    recording.channels = CHANNELS
    recording.peaks = [peaks_of(stereo[side::CHANNELS]) for side in range(CHANNELS)]
    unnamed_files.write(recording, wav)
    new_name = str(recording.file.name)
    try:
        with service_scope(), transaction.atomic():
            _check_not_erased(recording.call_id)
            if old_name:
                _lock(recording, sha256=old_sha256)
            recording.save()
            _name(recording, instead_of=old_name)
            if also is not None:
                also(recording)
    except (Contended, IntegrityError, AudioErased):
        unnamed_files.delete(new_name)
        raise
    # After another error, of a connection that broke say, the row may be there all the same: only
    # the database knows whether the file is named, and `delete_left` asks it.
    if old_name:
        unnamed_files.delete(old_name)
    return recording


def _check_not_erased(call_id: uuid.UUID) -> None:
    """Erasing waits for this transaction, or this one for it. Raises AudioErased."""
    call = Call.objects.select_for_update(no_key=True).filter(id=call_id)
    if call.values_list("audio_erased_at", flat=True).first() is not None:
        raise AudioErased("The audio of this call is erased.")


def _lock(recording: Recording, *, sha256: str) -> None:
    unchanged = Recording.objects.select_for_update().filter(id=recording.id, sha256=sha256)
    if not unchanged.exists():
        raise Contended


def _name(recording: Recording, *, instead_of: str) -> None:
    new_name = str(recording.file.name)
    if not unnamed_files.swap(recording.call_id, named=new_name, unnamed=instead_of):
        raise Contended


def _earlier(recording: Recording) -> bytes:
    try:
        return _stereo_of(recording)
    except OSError as error:
        with service_scope():
            still = Recording.objects.filter(id=recording.id, sha256=recording.sha256)
            if not still.exists():  # its file has gone for a longer one
                raise Contended from error
        raise EarlierPartUnreadable(str(error)) from error


def _stereo_of(recording: Recording) -> bytes:
    return audio_storage.read(recording)[HEADER_BYTES:]
