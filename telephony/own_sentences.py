"""The sentences that we can say without an agent, as the line plays them."""

from collections.abc import Iterable

from agent.speech import prompts
from telephony.said import OwnWords


def words_of(names: Iterable[str]) -> dict[str, OwnWords]:
    """The prompts of these names, with their audio."""
    return {
        name: OwnWords(text=prompts.text_of(name), pieces=prompts.pieces(name)) for name in names
    }
