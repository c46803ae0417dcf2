"""<Gather>: keys from the caller."""

from urllib.parse import urljoin

from telephony.simulator.callers import Listener
from telephony.simulator.events import DigitsGathered
from telephony.simulator.live_call import Jump, LiveCall
from telephony.simulator.loudness import FRAME_MS, SILENCE
from telephony.simulator.speaking import speak
from telephony.simulator.verbs import Gather


async def gather(call: LiveCall, verb: Gather, *, document_url: str) -> Jump | None:
    """Play the prompts and take keys; None, the next verb, when none came. Raises HungUp."""
    call.answered_line()
    call.keypad.forget()
    for prompt in verb.prompts:
        await speak(call, prompt, document_url=document_url, until=call.keypad.has_keys)
    digits = await _take_digits(call, verb)
    call.report(DigitsGathered(digits=digits))
    if not digits and not verb.action_on_empty:
        return None
    return Jump(url=urljoin(document_url, verb.action or document_url), fields={"Digits": digits})


async def _take_digits(call: LiveCall, verb: Gather) -> str:
    """Keys until there are enough, the finishing key, or `timeout_s` without one."""
    line = call.answered_line()
    digits, waited_ms = "", 0
    while waited_ms < verb.timeout_s * 1000:
        while key := call.keypad.take():
            if key in verb.finish_on_key:
                return digits
            digits, waited_ms = digits + key, 0
            if len(digits) == verb.num_digits:
                return digits
        await line.next_tick()
        line.exchange(SILENCE, listener=Listener.NOBODY)
        waited_ms += FRAME_MS
    return digits
