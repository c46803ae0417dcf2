"""People and machines whom an outgoing simulated call reaches."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from telephony.simulated_callees import Callee
from telephony.simulator import sounds
from telephony.simulator.callers import Caller, WavCaller, load_script

RINGS_MS = 2_000
SCRIPT = "friend"
GREETING_MS = 2_500
"""How long a machine speaks before its tone."""
OPTS_OUT_AT_MS = (6_000, 12_000, 18_000)
"""Whoever is talked to all the same presses the key again."""


class Taking(StrEnum):
    """What becomes of the ringing; other than ANSWERED these are final CallStatuses."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no-answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledPhone:
    """One phone that rings, and who takes it.

    `keys` are pressed so many milliseconds after the answer. `is_machine` speaks at once.
    """

    taking: Taking
    rings_ms: int = RINGS_MS
    voice: Caller = field(default_factory=lambda: WavCaller([]))
    is_machine: bool = False
    keys: Mapping[int, str] = field(default_factory=dict)


def phone_of(callee: Callee) -> CalledPhone:
    """A phone that behaves so."""
    match callee:
        case Callee.BUSY:
            return CalledPhone(taking=Taking.BUSY, rings_ms=0)
        case Callee.NO_ANSWER:
            return CalledPhone(taking=Taking.NO_ANSWER)
        case Callee.MACHINE:
            greeting = sounds.key_tones("8" * (GREETING_MS // 200)) + sounds.beep()
            voice = WavCaller([greeting], speak_at_ms=0)
            return CalledPhone(taking=Taking.ANSWERED, voice=voice, is_machine=True)
        case Callee.OPTS_OUT:
            keys = dict.fromkeys(OPTS_OUT_AT_MS, "9")
            return CalledPhone(taking=Taking.ANSWERED, voice=_person(), keys=keys)
    return CalledPhone(taking=Taking.ANSWERED, voice=_person())


def _person() -> WavCaller:
    return load_script(SCRIPT).caller()
