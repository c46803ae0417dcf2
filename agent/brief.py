"""What an agent is told about the call it takes."""

from dataclasses import dataclass
from enum import StrEnum


class CallType(StrEnum):
    """Whether the agent only takes a message or converses."""

    VOICEMAIL = "voicemail"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallBrief:
    """Everything an agent may know before the first word. Never a phone number or a user id.

    On an `outbound` call the agent has called, and whoever it talks to did not ask for it:
    `campaign_purpose` is why, in the owner's words, and blank when she gave none.
    """

    call_type: CallType
    receptionist: bool
    agent_name: str
    owner_name: str
    voice: str
    greeting: str
    about: str
    language: str
    forwarded: bool | None
    outbound: bool = False
    campaign_purpose: str = ""
    goes_on: bool = False  # another session had begun this call and was cut
    said_before: tuple[tuple[str, str], ...] = ()  # in it: who ("caller", "agent") said what
