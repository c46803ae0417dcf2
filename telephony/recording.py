"""Recordings: written to disk while the call runs, kept as a file and a row when it is over.

While a call runs its audio goes to a spool file, raw mu-law with both channels interleaved, in
pieces of at most a second, by one writer thread for all calls. The media path only appends to
a list.
"""

import base64
import binascii
import hashlib
import logging
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from agent.session import Role, TranscriptSource
from agent.speech.mulaw import BYTES_PER_MS, FRAME_MS, SILENCE, decode
from agent.speech.wav import mulaw_header, mulaw_of
from telephony.backends.base import backend_for_call
from telephony.mixdown import Mixdown
from telephony.models import Call, Recording, TranscriptLine

logger = logging.getLogger(__name__)

CHANNELS = 2
PEAK_BARS = 120
PIECE_MS = 1_000
MESSAGE_LINE = 1_000_000  # position of the message after the tone, behind every other line

_writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recordings")
_LOUDNESS = bytes(
    round(100 * min(1.0, (abs(sample) / 32_124) ** 0.5)) for sample in decode(bytes(range(256)))
)


class CallRecorder:
    """Records one call. Methods called from the media path do not touch the disk."""

    def __init__(self, call_id: uuid.UUID) -> None:
        self._path = spool_path(call_id)
        self._mixdown = Mixdown()
        self._pending: list[tuple[str, int, str]] = []
        self._now_ms = 0
        self._written_ms = 0
        self.unreadable = 0

    def caller(self, timestamp_ms: int, payload: str) -> None:
        """Keep 20 ms of the caller; its timestamp is the clock for both sides."""
        self._pending.append(("caller", timestamp_ms, payload))
        self._now_ms = timestamp_ms + FRAME_MS
        if timestamp_ms - self._written_ms >= PIECE_MS:
            self.flush()

    def agent(self, payload: str) -> None:
        """Keep audio just sent to the caller."""
        self._pending.append(("agent", self._now_ms, payload))

    def clear(self) -> None:
        """The carrier was told to stop playing."""
        self._pending.append(("clear", self._now_ms, ""))

    def flush(self) -> "Future[None]":
        """Hand what has come so far to the writer thread."""
        pending, self._pending = self._pending, []
        self._written_ms = self._now_ms
        written = _writer.submit(self._write, pending, self._now_ms)
        written.add_done_callback(_report)
        return written

    def _write(self, pending: list[tuple[str, int, str]], until_ms: int) -> None:
        for kind, at_ms, payload in pending:
            try:
                audio = base64.b64decode(payload, validate=True)
            except binascii.Error:
                self.unreadable += 1
                continue
            if kind == "caller":
                self._mixdown.caller(at_ms, audio)
            elif kind == "agent":
                self._mixdown.agent(at_ms, audio)
            else:
                self._mixdown.clear(at_ms)
        caller, agent = self._mixdown.settle(until_ms)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as spool:
            spool.write(_interleave(caller, agent))


def _report(written: "Future[None]") -> None:
    error = written.exception()
    if error is not None:
        logger.error("audio could not be written", exc_info=error)


def store_recording(*, call: Call, caller: bytes, agent: bytes) -> Recording:
    """Keep both sides of a call, raw mu-law of equal length, as its recording."""
    return _store(call.id, _interleave(caller, agent))


def store_spooled(call_id: uuid.UUID) -> Recording | None:
    """Turn a call's spool file into its recording; None when nothing was spooled."""
    spool = spool_path(call_id)
    try:
        audio = spool.read_bytes()
    except FileNotFoundError:
        return None
    recording = _store(call_id, audio)
    spool.unlink(missing_ok=True)
    return recording


def spool_path(call_id: uuid.UUID) -> Path:
    """Where a running call's audio grows."""
    path: Path = settings.VAR_DIR / "spool" / f"{call_id}.mulaw"
    return path


def _interleave(caller: bytes, agent: bytes) -> bytes:
    stereo = bytearray(CHANNELS * len(caller))
    stereo[0::CHANNELS] = caller
    stereo[1::CHANNELS] = agent
    return bytes(stereo)


def fetch_carrier_recording(call: Call) -> None:
    """Fetch what the carrier recorded and put it behind the agent's part, once.

    The caller's message becomes a line of the transcript. Raises ProviderError while it cannot
    be had, AudioFormatError when it is no audio.
    """
    existing = Recording.objects.filter(call=call).first()
    if existing is not None and existing.carrier_sid == call.carrier_recording_sid:
        return
    backend = backend_for_call(simulated=call.simulated)
    message = mulaw_of(backend.fetch_recording(call.carrier_recording_sid))
    before = _stereo_of(existing) if existing is not None else b""
    after = _interleave(message, bytes((SILENCE,)) * len(message))
    recording = existing or Recording(call=call)
    recording.carrier_sid = call.carrier_recording_sid
    _keep(recording, before + after)
    start_ms = len(before) // CHANNELS // BYTES_PER_MS
    _write_message_line(call, start_ms=start_ms, end_ms=recording.duration_ms)


def _write_message_line(call: Call, *, start_ms: int, end_ms: int) -> None:
    # The position is unique, so a repeat after a crash writes no second line.
    TranscriptLine.objects.bulk_create(
        [
            TranscriptLine(
                call=call,
                position=MESSAGE_LINE,
                role=Role.CALLER.value,
                start_ms=start_ms,
                end_ms=end_ms,
                source=TranscriptSource.NONE.value,
            )
        ],
        ignore_conflicts=True,
    )


def _store(call_id: uuid.UUID, stereo: bytes) -> Recording:
    """The row is written last: a crash before it leaves the spool file, which is stored again."""
    existing = Recording.objects.filter(call_id=call_id).first()
    if existing is not None:
        return existing
    try:
        return _keep(Recording(call_id=call_id), stereo)
    except IntegrityError:
        # Another process stored the same call at the same moment; its file is the one kept.
        return Recording.objects.get(call_id=call_id)


def _keep(recording: Recording, stereo: bytes) -> Recording:
    """Write the file, then the row that names it; of two files the one not named goes."""
    replaced = recording.file.name
    wav = mulaw_header(len(stereo), channels=CHANNELS) + stereo
    recording.sha256 = hashlib.sha256(wav).hexdigest()
    recording.duration_ms = len(stereo) // CHANNELS // BYTES_PER_MS
    recording.channels = CHANNELS
    recording.peaks = [peaks_of(stereo[side::CHANNELS]) for side in range(CHANNELS)]
    recording.file.save("call.wav", ContentFile(wav), save=False)
    try:
        with transaction.atomic():
            recording.save()
    except IntegrityError:
        recording.file.delete(save=False)
        raise
    if replaced:
        recording.file.storage.delete(replaced)
    return recording


def _stereo_of(recording: Recording) -> bytes:
    with recording.file.open() as file:
        content: bytes = file.read()
    return content[-recording.duration_ms * BYTES_PER_MS * CHANNELS :]


def peaks_of(audio: bytes) -> list[int]:
    """Loudness of mu-law audio, 0 to 100, in at most PEAK_BARS equal parts."""
    if not audio:
        return []
    loudness = audio.translate(_LOUDNESS)
    size = -(-len(loudness) // PEAK_BARS)
    return [max(loudness[at : at + size]) for at in range(0, len(loudness), size)]
