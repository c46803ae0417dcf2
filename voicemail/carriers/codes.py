"""What an owner dials on her own phone so that missed calls go to Aloha; no framework, no clock.

Only missed calls are ever forwarded: no answer, busy, unreachable. A code that forwards every call
has no place here; `grammar.py` knows such codes in order to refuse them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import phonenumbers

# How long a phone rings before its carrier forwards; the networks take steps of five from 5 to 30.
RING_S = 20


class Condition(StrEnum):
    """When the carrier forwards a call."""

    NO_ANSWER = "no answer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"


ALL_MISSED = (Condition.NO_ANSWER, Condition.BUSY, Condition.UNREACHABLE)


class NumberForm(StrEnum):
    """How the Aloha number stands in a code."""

    PLUS = "plus"  # +442079460123
    DIGITS = "digits"  # 14155550132, as North American networks write it
    TEN_DIGITS = "ten digits"  # 4155550132


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One thing to dial and what takes it back.

    `{number}` in `register` and `timed` stands for the Aloha number; `timed` also says after how
    many `{seconds}` of ringing. `cancel` and `status` need no number; blank where there is none.
    """

    conditions: tuple[Condition, ...]
    register: str
    cancel: str
    status: str = ""
    timed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeSet:
    """A carrier's codes: `main` is dialled, `separate` where it refuses the one for everything."""

    number_form: NumberForm
    main: tuple[Code, ...]
    separate: tuple[Code, ...] = ()

    @property
    def all(self) -> tuple[Code, ...]:
        """Every code, for whoever looks after them."""
        return self.main + self.separate


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialling:
    """The codes of one carrier with one Aloha number in them, ready to be dialled."""

    register: tuple[str, ...]
    cancel: tuple[str, ...]
    status: tuple[str, ...]
    separate: tuple[str, ...]
    timed: str
    covers: tuple[Condition, ...]


_GSM_ALL = Code(conditions=ALL_MISSED, register="**004*{number}#", cancel="##004#")
_GSM_SEPARATE = (
    Code(
        conditions=(Condition.NO_ANSWER,),
        register="**61*{number}#",
        timed="**61*{number}*11*{seconds}#",
        cancel="##61#",
        status="*#61#",
    ),
    Code(conditions=(Condition.BUSY,), register="**67*{number}#", cancel="##67#", status="*#67#"),
    Code(
        conditions=(Condition.UNREACHABLE,),
        register="**62*{number}#",
        cancel="##62#",
        status="*#62#",
    ),
)
# 3GPP TS 22.030: the codes that GSM, UMTS and LTE phones understand everywhere.
GSM = CodeSet(number_form=NumberForm.PLUS, main=(_GSM_ALL,), separate=_GSM_SEPARATE)
GSM_NORTH_AMERICA = CodeSet(number_form=NumberForm.DIGITS, main=(_GSM_ALL,), separate=_GSM_SEPARATE)
# Feature codes of North American exchanges.
STAR_90 = CodeSet(
    number_form=NumberForm.TEN_DIGITS,
    main=(
        Code(conditions=(Condition.NO_ANSWER,), register="*92{number}", cancel="*93"),
        Code(conditions=(Condition.BUSY,), register="*90{number}", cancel="*91"),
    ),
)
STAR_90_HASH = CodeSet(
    number_form=NumberForm.TEN_DIGITS,
    main=(
        Code(conditions=(Condition.NO_ANSWER,), register="*92{number}#", cancel="*93#"),
        Code(conditions=(Condition.BUSY,), register="*90{number}#", cancel="*91#"),
    ),
)
STAR_71 = CodeSet(
    number_form=NumberForm.TEN_DIGITS,
    main=(
        Code(
            conditions=(Condition.NO_ANSWER, Condition.BUSY),
            register="*71{number}",
            cancel="*73",
        ),
    ),
)


def fill_in(codes: CodeSet, *, number: str, ring_s: int = RING_S) -> Dialling:
    """The codes with the Aloha number (E.164) in them."""
    written = _written(number, codes.number_form)
    timed = next((code.timed for code in codes.all if code.timed), "")
    return Dialling(
        register=_registering(codes.main, written),
        cancel=tuple(code.cancel for code in codes.main),
        status=tuple(code.status for code in codes.all if code.status),
        separate=_registering(codes.separate, written),
        timed=timed.format(number=written, seconds=ring_s),
        covers=tuple(
            condition
            for condition in Condition
            if any(condition in code.conditions for code in codes.main)
        ),
    )


def _registering(codes: Sequence[Code], written: str) -> tuple[str, ...]:
    return tuple(code.register.format(number=written) for code in codes)


def _written(number: str, form: NumberForm) -> str:
    """The number as this carrier wants it; one of another country always in full."""
    parsed = phonenumbers.parse(number)
    if form is NumberForm.PLUS:
        return number
    if parsed.country_code == 1:
        digits = number.removeprefix("+")
        return digits if form is NumberForm.DIGITS else digits.removeprefix("1")
    # Exchanges know no plus; 011 leads abroad from North America.
    return number if form is NumberForm.DIGITS else f"011{number.removeprefix('+')}"
