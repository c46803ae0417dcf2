"""What is said without the agent fits who called whom."""

import pytest

from agent.speech import prompts
from telephony.bridge import OWN_SENTENCES
from telephony.own_sentences import words_of


@pytest.mark.parametrize("outbound", [False, True])
def test_every_sentence_can_be_said(outbound):
    words = words_of(outbound=outbound)
    assert set(words) == set(OWN_SENTENCES)
    assert all(each.text and each.pieces for each in words.values())


@pytest.mark.W7
@pytest.mark.parametrize(
    ("name", "prompt"),
    [("time_is_up", "time_is_up_outbound"), ("no_message", "no_answer_outbound")],
)
def test_nobody_who_was_called_is_thanked_for_calling_or_asked_to_call_again(name, prompt):
    words = words_of(outbound=True)[name]
    assert words.text == prompts.text_of(prompt)
    assert "call" not in words.text
