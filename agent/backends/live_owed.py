"""What the agent owes the caller until it next speaks: said again should its session be lost. Pure.

No event tells which of its words answer what. So whatever it begins to say settles all of it. Words
of the caller are to be answered instead of what it was told to say; its own words stay owed, for
hers may be late ones that were answered before.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Owed:
    """Blank or false where it owes nothing of the kind."""

    comment: str = ""  # what it was told to say last
    keys: str = ""  # that the caller pressed
    has_words: bool = False  # of its own: after a task, or where it may not say what it was told
