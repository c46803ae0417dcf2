"""Which words of an interrupted sentence were heard."""

import pytest

from telephony.heard_words import heard_chars

pytestmark = pytest.mark.M4
TEXT = "one two three four"


@pytest.mark.parametrize(
    ("heard_ms", "heard"),
    [
        pytest.param(0, "", id="nothing"),
        pytest.param(100, "", id="half a word"),
        pytest.param(500, "one two", id="in the third word"),
        pytest.param(390, "one two", id="exactly between two words"),
        pytest.param(999, "one two three", id="in the last word"),
        pytest.param(1_000, TEXT, id="everything"),
        pytest.param(2_000, TEXT, id="more than there is"),
    ],
)
def test_words_are_heard_whole_or_not_at_all(heard_ms, heard):
    assert TEXT[: heard_chars(TEXT, heard_ms=heard_ms, spoken_ms=1_000)] == heard


def test_a_sentence_without_words_has_none_that_were_heard():
    assert heard_chars("", heard_ms=10, spoken_ms=1_000) == 0
