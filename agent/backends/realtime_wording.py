"""What each answer that we ask for is told to say. Pure."""

from agent import instructions
from agent.backends.realtime_responses import Purpose
from agent.brief import CallBrief


def words_for(
    purpose: Purpose, brief: CallBrief, *, is_anybody_there: bool, wants_no_calls: bool = False
) -> str:
    """Instructions for one answer; empty where those of the call are enough."""
    match purpose:
        case Purpose.GREETING:
            return instructions.for_greeting(brief)
        case Purpose.RESUME:
            return instructions.for_going_on(brief)
        case Purpose.ASK:
            return instructions.for_silence(brief)
        case Purpose.FAREWELL if wants_no_calls:
            return instructions.for_opting_out(brief)
        case Purpose.FAREWELL:
            return instructions.for_farewell(brief, is_anybody_there=is_anybody_there)
        case Purpose.WRAP_UP:
            return instructions.for_wrap_up(brief)
        case Purpose.TURN | Purpose.GO_ON:
            return ""
