"""Whether a stored recording still is what was stored: size, hash, length."""

import hashlib

from agent.speech.mulaw import BYTES_PER_MS
from agent.speech.wav import mulaw_header
from telephony import audio_storage
from telephony.models import Recording


class AudioDamaged(Exception):
    """The stored audio is not what its row says."""


def verify(recording: Recording) -> None:
    """Read the file and hold it against its row. Raises AudioDamaged, and OSError.

    A storage that does not give the file is no damage: it may be back in a minute.
    """
    wav = audio_storage.read(recording)
    audio_bytes = len(wav) - len(mulaw_header(0, channels=recording.channels))
    if hashlib.sha256(wav).hexdigest() != recording.sha256:
        raise AudioDamaged(f"The recording has other content: {len(wav)} bytes.")
    if audio_bytes // recording.channels // BYTES_PER_MS != recording.duration_ms:
        raise AudioDamaged("The recording has another length than its row.")
    if len(recording.peaks) != recording.channels:
        raise AudioDamaged("The recording has no peaks.")
