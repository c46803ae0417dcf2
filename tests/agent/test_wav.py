"""Reading any common WAV file, refusing every other file, writing mu-law."""

import math
import struct
from array import array
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import AudioFormatError
from agent.speech import mulaw, wav

GUID = bytes.fromhex(
    "000000001000800000aa00389b71"
)  # what follows the code in an extensible header


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
        for name, content in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body


def fmt(*, code: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16) -> bytes:
    block = channels * bits // 8
    return struct.pack("<HHIIHH", code, channels, rate, rate * block & 0xFFFFFFFF, block, bits)


def pcm(samples: list[int], bits: int) -> bytes:
    if bits == 8:
        return bytes((sample >> 8) + 128 for sample in samples)
    shifted = (sample << (bits - 16) for sample in samples)
    return b"".join(sample.to_bytes(bits // 8, "little", signed=True) for sample in shifted)


def sine(rate: int, seconds: float = 0.2) -> list[int]:
    turn = 2 * math.pi * 800 / rate
    return [round(8000 * math.sin(turn * at)) for at in range(int(rate * seconds))]


def read(folder: Path, content: bytes) -> bytes:
    path = folder / "sound.wav"
    path.write_bytes(content)
    return wav.read_mulaw(path)


@pytest.mark.parametrize("bits", [16, 24, 32])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [8000, 16_000, 44_100, 48_000])
def test_pcm_of_every_common_kind_is_the_same_sound(
    tmp_path: Path, rate: int, channels: int, bits: int
) -> None:
    samples = [sample for sample in sine(rate) for _ in range(channels)]
    content = riff(
        (b"fmt ", fmt(channels=channels, rate=rate, bits=bits)), (b"data", pcm(samples, bits))
    )
    heard = mulaw.decode(read(tmp_path, content))
    expected = sine(8000)
    assert len(heard) == len(expected)
    errors = [abs(a - b) for a, b in zip(heard[50:-50], expected[50:-50], strict=True)]
    assert max(errors) < 260  # half a mu-law step at this loudness


def test_eight_bit_pcm_is_unsigned(tmp_path: Path) -> None:
    content = riff((b"fmt ", fmt(bits=8)), (b"data", bytes([128, 255, 0, 128])))
    assert read(tmp_path, content) == mulaw.encode(array("h", [0, 127 << 8, -32768, 0]))


def test_an_extensible_header_is_understood(tmp_path: Path) -> None:
    extension = struct.pack("<HHIH", 22, 16, 4, 1) + GUID
    content = riff((b"fmt ", fmt(code=0xFFFE) + extension), (b"data", pcm([0, 1000], 16)))
    assert read(tmp_path, content) == mulaw.encode(array("h", [0, 1000]))


def test_chunks_of_others_are_passed_over(tmp_path: Path) -> None:
    content = riff(
        (b"LIST", b"odd"), (b"fmt ", fmt()), (b"bext", b"x" * 602), (b"data", pcm([5], 16))
    )
    assert len(read(tmp_path, content)) == 1


def test_stereo_is_mixed_down(tmp_path: Path) -> None:
    content = riff((b"fmt ", fmt(channels=2)), (b"data", pcm([1000, 3000], 16)))
    assert read(tmp_path, content) == mulaw.encode(array("h", [2000]))


def test_telephone_audio_comes_back_byte_for_byte(tmp_path: Path) -> None:
    wav.write_mulaw(tmp_path / "sound.wav", bytes(range(256)))
    assert wav.read_mulaw(tmp_path / "sound.wav") == bytes(range(256))


def test_written_channels_lie_side_by_side_and_are_filled_with_silence(tmp_path: Path) -> None:
    wav.write_mulaw(tmp_path / "sound.wav", b"abc", b"1")
    content = (tmp_path / "sound.wav").read_bytes()
    assert content[58:] == b"a1b\xffc\xff"


@pytest.mark.parametrize("channels", [(b"abc",), (b"abcd", b"12")])
def test_a_written_file_says_how_long_it_is(tmp_path: Path, channels: tuple[bytes, ...]) -> None:
    path = tmp_path / "sound.wav"
    wav.write_mulaw(path, *channels)
    content = path.read_bytes()
    assert struct.unpack_from("<I", content, 4) == (len(content) - 8,)
    assert content[38:42] + content[50:54] == b"factdata"
    frames, data_bytes = (
        struct.unpack_from("<I", content, 46)[0],
        struct.unpack_from("<I", content, 54)[0],
    )
    assert (frames, data_bytes) == (len(channels[0]), len(channels[0]) * len(channels))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "is not a WAV file", id="empty"),
        pytest.param(b"Dear caller,\n" * 50, "is not a WAV file", id="text"),
        pytest.param(b"RIFF\x04\0\0\0AVI ", "is not a WAV file", id="other RIFF"),
        pytest.param(riff(), "does not say what audio", id="no chunks"),
        pytest.param(riff((b"data", b"1234")), "does not say what audio", id="no format"),
        pytest.param(riff((b"fmt ", fmt()[:9])), "does not say what audio", id="short format"),
        pytest.param(riff((b"fmt ", fmt())), "holds no audio", id="no data"),
        pytest.param(riff((b"fmt ", fmt()), (b"data", b"")), "holds no audio", id="empty data"),
        pytest.param(
            riff((b"fmt ", fmt()), (b"data", b"123456"))[:-2], "is cut off", id="truncated"
        ),
        pytest.param(
            riff((b"fmt ", fmt()), (b"data", b"123")), "middle of a sample", id="half a sample"
        ),
        pytest.param(
            riff((b"fmt ", fmt())) + b"data\xff\xff\xff\xff12", "is cut off", id="absurd size"
        ),
        pytest.param(
            riff((b"fmt ", fmt(channels=0)), (b"data", b"1234")), "mono nor stereo", id="none"
        ),
        pytest.param(
            riff((b"fmt ", fmt(channels=6)), (b"data", bytes(12))), "mono nor stereo", id="six"
        ),
        pytest.param(
            riff((b"fmt ", fmt(rate=0)), (b"data", b"1234")), "sample rate of 0 Hz", id="no rate"
        ),
        pytest.param(
            riff((b"fmt ", fmt(rate=2**32 - 1)), (b"data", b"1234")), "4294967295 Hz", id="rate"
        ),
        pytest.param(
            riff((b"fmt ", fmt(code=3, bits=32)), (b"data", b"1234")), "neither PCM", id="float"
        ),
        pytest.param(
            riff((b"fmt ", fmt(code=85, bits=0)), (b"data", b"1234")), "neither PCM", id="MP3"
        ),
        pytest.param(
            riff((b"fmt ", fmt(bits=8)), (b"data", bytes(8000 * 901))), "15 minutes", id="long"
        ),
    ],
)
def test_a_bad_file_is_refused_with_its_name_and_the_reason(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    with pytest.raises(AudioFormatError, match=rf"sound\.wav.*{reason}"):
        read(tmp_path, content)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioFormatError, match="No such file"):
        wav.read_mulaw(tmp_path / "nowhere.wav")
    with pytest.raises(AudioFormatError, match="directory"):
        wav.read_mulaw(tmp_path)


def test_a_file_beyond_all_measure_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.wav"
    with path.open("wb") as file:
        file.truncate(wav.MAX_FILE_BYTES + 1)
    with pytest.raises(AudioFormatError, match="larger than"):
        wav.read_mulaw(path)


formats = st.builds(
    fmt,
    code=st.sampled_from([1, 3, 7, 0xFFFE]),
    channels=st.integers(0, 3),
    rate=st.sampled_from([0, 1, 8000, 16_000, 44_100, 2**32 - 1]),
    bits=st.sampled_from([0, 8, 12, 16, 24, 32, 64]),
)
chunks = st.tuples(
    st.sampled_from([b"fmt ", b"data", b"fact", b"LIST", b"\0\0\0\0"]),
    st.one_of(formats, st.binary(max_size=60)),
)
files = st.one_of(
    st.binary(max_size=80),
    st.builds(
        lambda parts, cut, tail: riff(*parts)[:cut] + tail,
        st.lists(chunks, max_size=5),
        st.integers(12, 400),
        st.binary(max_size=12),
    ),
)


@settings(deadline=None)
@given(content=files)
def test_no_file_makes_the_reader_fail_otherwise(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzz.wav"
    path.write_bytes(content)
    with suppress(AudioFormatError):
        assert wav.read_mulaw(path)
