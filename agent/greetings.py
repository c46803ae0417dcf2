"""How an agent's greeting will sound, for its owner to read before anybody hears it. Pure.

`static/js/greeting.js` builds the same sentence while the owner types.
"""

ASKS = ("Please leave a message.", "What can I do for you?")
SOMEBODY = "the person you called"


def greeting_preview(
    *, agent_name: str, owner_name: str, greeting: str, only_messages: bool
) -> str:
    """The first sentences of a call, or words close to them: the agent speaks freely.

    An owner's own greeting is spoken as it is, after saying who speaks when it does not.
    """
    name = " ".join(agent_name.split()) or "Aloha"
    own = " ".join(greeting.split())
    who = f"Hi, this is {name}, the AI assistant of {owner_name}."
    if own and name.casefold() in own.casefold() and "AI" in own:
        return own
    return f"{who} {own or ASKS[0 if only_messages else 1]}"
