"""The sentences that we can say without an agent, as the line plays them."""

from agent.speech import prompts
from telephony.bridge import OWN_SENTENCES
from telephony.said import OwnWords

# Whoever was called is neither thanked for calling nor asked to call again.
_OUTBOUND = {"time_is_up": "time_is_up_outbound", "no_message": "no_answer_outbound"}


def words_of(*, outbound: bool) -> dict[str, OwnWords]:
    """OWN_SENTENCES by name, with their audio, in the words for who called whom."""
    chosen = {name: _OUTBOUND.get(name, name) if outbound else name for name in OWN_SENTENCES}
    return {
        name: OwnWords(text=prompts.text_of(prompt), pieces=prompts.pieces(prompt))
        for name, prompt in chosen.items()
    }
