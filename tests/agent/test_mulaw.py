"""The mu-law tables."""

from array import array

import pytest

from agent.speech import mulaw

ALL_BYTES = bytes(range(256))


def test_every_byte_keeps_its_value_through_encode_and_decode() -> None:
    values = mulaw.decode(ALL_BYTES)
    assert mulaw.decode(mulaw.encode(values)) == values


def test_only_the_second_zero_byte_changes() -> None:
    again = mulaw.encode(mulaw.decode(ALL_BYTES))
    assert [byte for byte in range(256) if again[byte] != byte] == [0x7F]


@pytest.mark.parametrize(
    ("byte", "value"),
    [(0x00, -32124), (0x80, 32124), (0xFF, 0), (0x7F, 0), (0xFE, 8), (0x7E, -8), (0xF0, 120)],
)
def test_values_are_those_of_g711(byte: int, value: int) -> None:
    assert mulaw.decode(bytes([byte])) == array("h", [value])


def test_every_sample_becomes_the_nearest_value() -> None:
    samples = array("h", range(-32768, 32768))
    decoded = mulaw.decode(mulaw.encode(samples))
    for sample, value in zip(samples[::97], decoded[::97], strict=True):
        nearest = min(abs(sample - other) for other in mulaw.VALUES)
        assert abs(sample - value) == nearest


def test_silence_is_written_as_the_silence_byte() -> None:
    assert mulaw.encode(array("h", [0, 0])) == bytes([mulaw.SILENCE] * 2)
