"""WAV files: any common one in, mu-law out.

The chunks are parsed here because the standard `wave` module refuses mu-law and, before
Python 3.12, the extensible header that many recorders write.
"""

import struct
import sys
from array import array
from dataclasses import dataclass
from pathlib import Path

from agent.errors import AudioFormatError
from agent.speech import mulaw
from agent.speech.resample import resample

PCM = 1
MULAW = 7
EXTENSIBLE = 0xFFFE

SAMPLE_RATES_HZ = (8000, 11025, 16000, 22050, 24000, 32000, 44100, 48000)
MAX_FILE_BYTES = 128 * 1024 * 1024
MAX_SECONDS = 15 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class _Format:
    encoding: int
    channels: int
    sample_rate_hz: int
    bits: int


def read_mulaw(path: Path) -> bytes:
    """The audio of a WAV file as 8 kHz mono mu-law; stereo is mixed down.

    A file that is 8 kHz mono mu-law already comes back byte for byte. Reads PCM of 8, 16, 24 and
    32 bits and mu-law, up to 15 minutes. Raises AudioFormatError with a sentence for the reader.
    """
    return _as_mulaw(*_read(path))


def mulaw_of(content: bytes) -> bytes:
    """As `read_mulaw`, of the bytes of a WAV file. Raises AudioFormatError."""
    try:
        return _as_mulaw(*_parse(content))
    except AudioFormatError as error:
        raise AudioFormatError(f"The audio {error}") from error


def read_samples(path: Path) -> "array[int]":
    """The audio of a WAV file as 8 kHz mono samples of 16 bits. Raises AudioFormatError."""
    return _phone_samples(*_read(path))


def write_mulaw(path: Path, *channels: bytes) -> None:
    """Write channels of 8 kHz mu-law side by side; silence fills up the shorter ones."""
    longest = max(map(len, channels))
    data = bytearray(longest * len(channels))
    for position, channel in enumerate(channels):
        data[position :: len(channels)] = channel.ljust(longest, bytes([mulaw.SILENCE]))
    padding = bytes(len(data) % 2)
    path.write_bytes(mulaw_header(len(data), channels=len(channels)) + data + padding)


def mulaw_header(data_bytes: int, *, channels: int) -> bytes:
    """The 58 bytes before `data_bytes` of interleaved 8 kHz mu-law.

    A WAV chunk has an even length: one zero byte belongs after an odd number of data bytes.
    """
    rate = mulaw.SAMPLE_RATE_HZ
    form = struct.pack("<HHIIHHH", MULAW, channels, rate, rate * channels, channels, 8, 0)
    return b"".join(
        (
            struct.pack("<4sI4s", b"RIFF", 50 + data_bytes + data_bytes % 2, b"WAVE"),
            struct.pack("<4sI", b"fmt ", len(form)) + form,
            struct.pack("<4sII", b"fact", 4, data_bytes // channels),
            struct.pack("<4sI", b"data", data_bytes),
        )
    )


def _read(path: Path) -> tuple[_Format, bytes]:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise AudioFormatError(f"{path} is larger than {MAX_FILE_BYTES >> 20} MiB.")
        content = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise AudioFormatError(f"{path} cannot be read: {reason}.") from error
    try:
        return _parse(content)
    except AudioFormatError as error:
        raise AudioFormatError(f"{path} {error}") from error


def _parse(content: bytes) -> tuple[_Format, bytes]:
    chunks = _chunks(content)
    form = _parse_format(chunks.get(b"fmt "))
    return form, _whole_data(chunks.get(b"data"), form)


def _as_mulaw(form: _Format, data: bytes) -> bytes:
    if form == _Format(encoding=MULAW, channels=1, sample_rate_hz=8000, bits=8):
        return data
    return mulaw.encode(_phone_samples(form, data))


def _chunks(content: bytes) -> dict[bytes, bytes]:
    """The chunks by name, the first of each name. Sizes are those of the file, never trusted."""
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise AudioFormatError("is not a WAV file.")
    chunks: dict[bytes, bytes] = {}
    position = 12
    while position + 8 <= len(content) and b"data" not in chunks:
        name, size = struct.unpack_from("<4sI", content, position)
        chunk = content[position + 8 : position + 8 + size]
        if len(chunk) < size:
            raise AudioFormatError("is cut off: it is shorter than it says.")
        chunks.setdefault(name, chunk)
        position += 8 + size + size % 2
    return chunks


def _parse_format(chunk: bytes | None) -> _Format:
    if chunk is None or len(chunk) < 16:
        raise AudioFormatError("does not say what audio it holds.")
    encoding, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", chunk)
    if encoding == EXTENSIBLE and len(chunk) >= 26:
        (encoding,) = struct.unpack_from("<H", chunk, 24)
    form = _Format(encoding=encoding, channels=channels, sample_rate_hz=rate, bits=bits)
    if (encoding, bits) not in {(PCM, 8), (PCM, 16), (PCM, 24), (PCM, 32), (MULAW, 8)}:
        raise AudioFormatError("is neither PCM of 8, 16, 24 or 32 bits nor mu-law.")
    if channels not in (1, 2) or block != channels * bits // 8:
        raise AudioFormatError("is neither mono nor stereo.")
    if rate not in SAMPLE_RATES_HZ:
        raise AudioFormatError(
            f"has a sample rate of {rate} Hz; 8, 16, 44.1 or 48 kHz can be read."
        )
    return form


def _whole_data(data: bytes | None, form: _Format) -> bytes:
    block = form.channels * form.bits // 8
    if not data:
        raise AudioFormatError("holds no audio.")
    if len(data) % block:
        raise AudioFormatError("is cut off in the middle of a sample.")
    if len(data) > MAX_SECONDS * form.sample_rate_hz * block:
        raise AudioFormatError(f"is longer than {MAX_SECONDS // 60} minutes.")
    return data


def _phone_samples(form: _Format, data: bytes) -> "array[int]":
    samples = mulaw.decode(data) if form.encoding == MULAW else _pcm_samples(data, form.bits)
    if form.channels == 2:
        pairs = zip(samples[0::2], samples[1::2], strict=True)
        samples = array("h", [(left + right) >> 1 for left, right in pairs])
    return resample(samples, from_hz=form.sample_rate_hz, to_hz=mulaw.SAMPLE_RATE_HZ)


def _pcm_samples(data: bytes, bits: int) -> "array[int]":
    """The upper 16 bits of little-endian PCM; 8-bit PCM is unsigned."""
    if bits == 8:
        flipped = data.translate(bytes(byte ^ 0x80 for byte in range(256)))
        data = bytes(2 * len(data))
        pairs = bytearray(data)
        pairs[1::2] = flipped
    else:
        width = bits // 8
        pairs = bytearray(2 * len(data) // width)
        pairs[0::2] = data[width - 2 :: width]
        pairs[1::2] = data[width - 1 :: width]
    samples = array("h", bytes(pairs))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples
