"""A mobile network operator or reseller, and how its customers forward missed calls."""

from dataclasses import dataclass
from enum import StrEnum

from voicemail.carriers.codes import RING_S, CodeSet


class Certainty(StrEnum):
    """How sure an entry is; the proof by a test call stands above all of them."""

    DOCUMENTED = "documented"  # the network's own pages, or several that agree
    REPORTED = "reported"  # one source, or sources that disagree
    STANDARD = "standard"  # the codes that mobile networks share; not seen for this carrier


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """One choice in the wizard.

    `key` is stored and never changes. Without `codes` the carrier has none, and `notes` say what
    to do instead. `also_known_as` are names that the number plan's data has for it. `second_try`
    is for when the phone refuses the codes.
    """

    key: str
    country: str
    name: str
    codes: CodeSet | None
    certainty: Certainty
    source: str
    second_try: CodeSet | None = None
    ring_s: int = RING_S
    notes: tuple[str, ...] = ()
    also_known_as: tuple[str, ...] = ()
