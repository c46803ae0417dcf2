"""Kinds of phone: what else on them answers calls, and whether a link can dial a code."""

from dataclasses import dataclass
from enum import StrEnum


class PhoneKind(StrEnum):
    """What the owner holds in her hand."""

    IPHONE = "iphone"
    ANDROID = "android"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """What the wizard says about one kind of phone.

    `dials_links`: a link with the code opens the dial pad. iPhones refuse links with * and #.
    """

    kind: PhoneKind
    name: str
    dials_links: bool
    notes: tuple[str, ...]


_TWO_SIMS = "With two SIMs choose the line of this number before you dial."
_SILENT = "Do Not Disturb does not forward at once: the phone rings silently first."

PHONES = (
    Phone(
        kind=PhoneKind.IPHONE,
        name="iPhone",
        dials_links=False,
        notes=(
            "Switch Live Voicemail off (Settings, Apps, Phone), and call screening too: the phone "
            "answers before your carrier can forward.",
            _TWO_SIMS,
            _SILENT,
        ),
    ),
    Phone(
        kind=PhoneKind.ANDROID,
        name="Android",
        dials_links=True,
        notes=(
            "On a Pixel switch automatic Call Screen off: the phone answers before your carrier "
            "can forward.",
            _TWO_SIMS,
            _SILENT,
        ),
    ),
    Phone(kind=PhoneKind.OTHER, name="Another", dials_links=True, notes=(_TWO_SIMS,)),
)


def phone_of(kind: str) -> Phone:
    """The phone of this kind; an unknown kind is any other phone."""
    return next((phone for phone in PHONES if phone.kind == kind), PHONES[-1])
