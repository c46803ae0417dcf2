"""What was said on a call, as summaries and searches read it."""

from agent.session import AgentOutcome, Role
from telephony import phone_numbers
from telephony.models import Call
from voicemail.summaries import CallWords, Said


def words_of(call: Call) -> CallWords:
    """The transcript and the few facts around it; reads the database."""
    lines = list(call.transcript.all())
    spoken_ms = sum(line.end_ms - line.start_ms for line in lines if line.role == Role.CALLER.value)
    is_known = not call.caller_withheld and not phone_numbers.is_withheld(call.from_number)
    return CallWords(
        lines=[Said(by_caller=line.role == Role.CALLER.value, text=line.text) for line in lines],
        caller_number=call.from_number if is_known else "",
        country=call.number.country,
        spoken_s=round(spoken_ms / 1_000),
        stayed_to_the_end=call.agent_outcome == AgentOutcome.FINISHED,
        waits_at_carrier=call.carrier_recordings.put_off().exists(),
    )
