"""Reading forwarding codes: the grammar of mobile networks and that of North American exchanges.

Sources: 3GPP TS 22.030 section 6.5 (MMI) with the service codes of its annex B; feature codes of
North American exchanges (*72 and its neighbours). Nothing here dials.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What a code does."""

    REGISTER = "register"
    CANCEL = "cancel"
    QUERY = "query"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedCode:
    """A code taken apart; `is_unconditional` forwards every call, also those that are answered."""

    action: Action
    service: str
    number: str = ""
    seconds: int | None = None

    @property
    def is_unconditional(self) -> bool:
        """Forwards, or stops forwarding, more than the missed calls."""
        return self.service in _UNCONDITIONAL


_UNCONDITIONAL = {"21", "002", "*72"}
_ACTIONS = {"**": Action.REGISTER, "*": Action.REGISTER, "##": Action.CANCEL, "#": Action.CANCEL}
_ACTIONS["*#"] = Action.QUERY
_MMI = re.compile(
    r"(?P<action>\*\*|\*#|\*|##|#)(?P<service>61|62|67|004|21|002)"
    r"(?:\*(?P<number>\+?[0-9]{4,15})(?:\*(?P<basic>10|11)?(?:\*(?P<seconds>[0-9]{1,2}))?)?)?#"
)
# *71, *90 and *92 take a number; *73, *91 and *93 end what they began.
_STAR = re.compile(r"\*(?P<service>7[0-9]|9[0-9])(?P<number>[0-9]{10}|011[0-9]{7,15})?#?")
_STAR_REGISTERS = {"71", "72", "90", "92"}
_STAR_CANCELS = {"73", "91", "93"}


def parse(code: str) -> ParsedCode:
    """The parts of a code. Raises ValueError when it follows neither grammar."""
    mobile = _MMI.fullmatch(code)
    if mobile:
        return _mobile(code, mobile)
    star = _STAR.fullmatch(code)
    if star:
        return _star(code, star)
    raise ValueError(f"{code} is no forwarding code.")


def _mobile(code: str, match: re.Match[str]) -> ParsedCode:
    action = _ACTIONS[match["action"]]
    seconds = int(match["seconds"]) if match["seconds"] else None
    if (action is Action.REGISTER) != bool(match["number"]):
        raise ValueError(f"{code} registers without a number, or names one for nothing.")
    if seconds is not None and (match["service"] not in {"61", "004"} or not _is_step(seconds)):
        raise ValueError(f"{code} asks for a time that networks do not take.")
    return ParsedCode(
        action=action, service=match["service"], number=match["number"] or "", seconds=seconds
    )


def _star(code: str, match: re.Match[str]) -> ParsedCode:
    service, number = match["service"], match["number"] or ""
    if service in _STAR_REGISTERS and number:
        return ParsedCode(action=Action.REGISTER, service=f"*{service}", number=number)
    if service in _STAR_CANCELS and not number:
        return ParsedCode(action=Action.CANCEL, service=f"*{service}")
    raise ValueError(f"{code} is no forwarding code.")


def _is_step(seconds: int) -> bool:
    return 5 <= seconds <= 30 and seconds % 5 == 0
