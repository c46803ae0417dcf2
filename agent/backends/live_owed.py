"""What the agent owes the caller until it next speaks: said again should its session be lost. Pure.

No event tells which of its words answer what. So whatever it begins to say settles all of it, and
so do words of the caller, which are to be answered instead.
"""

from dataclasses import dataclass


@dataclass(slots=True)
class Owed:
    """Blank or false where it owes nothing of the kind."""

    comment: str = ""  # what it was told to say last
    keys: str = ""  # that the caller pressed
    has_words: bool = False  # of its own: after a task, or where it may not say what it was told
