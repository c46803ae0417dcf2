"""Whom a simulated call reaches: told by the last digit, so that each kind can be tried. Pure."""

from enum import StrEnum


class Callee(StrEnum):
    """What the simulated person does."""

    ANSWERS = "answers"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    MACHINE = "machine"
    OPTS_OUT = "opts_out"


LAST_DIGITS = {
    "1": Callee.BUSY,
    "2": Callee.NO_ANSWER,
    "3": Callee.MACHINE,
    "4": Callee.OPTS_OUT,
}


def callee_at(phone_number: str) -> Callee:
    """Who has this number; most people answer."""
    return LAST_DIGITS.get(phone_number[-1:], Callee.ANSWERS)
