"""Reading the verbs that take something from the caller: Record (voice) and Gather (keys)."""

import re
from xml.etree.ElementTree import Element

from telephony.simulator import twiml_speech
from telephony.simulator.elements import (
    address,
    one_of,
    refuse_attributes,
    refuse_content,
    refuse_text,
    require_post,
    whole_number,
)
from telephony.simulator.errors import TwimlError
from telephony.simulator.verbs import Gather, Record, Speech

_RECORD_ATTRIBUTES = {
    "action",
    "method",
    "timeout",
    "maxLength",
    "finishOnKey",
    "playBeep",
    "trim",
    "recordingStatusCallback",
    "recordingStatusCallbackMethod",
    "recordingStatusCallbackEvent",
}
_GATHER_ATTRIBUTES = {
    "input",
    "action",
    "method",
    "timeout",
    "numDigits",
    "finishOnKey",
    "actionOnEmptyResult",
}


def parse_record(element: Element) -> Record:
    """<Record>. Raises TwimlError."""
    refuse_attributes(element, allowed=_RECORD_ATTRIBUTES)
    refuse_content(element)
    for name in ("method", "recordingStatusCallbackMethod"):
        require_post(element, name)
    return Record(
        action=address(element, "action"),
        timeout_s=whole_number(element, "timeout", default=5, lowest=1, highest=600),
        max_length_s=whole_number(element, "maxLength", default=3600, lowest=1, highest=14400),
        finish_on_key=_keys(element, default=Record().finish_on_key),
        play_beep=one_of(element, "playBeep", ("true", "false")) == "true",
        trims_silence=one_of(element, "trim", ("do-not-trim", "trim-silence")) == "trim-silence",
        status_callback=address(element, "recordingStatusCallback"),
        status_events=_events(element),
    )


def parse_gather(element: Element) -> Gather:
    """<Gather> of keys; speech is not simulated. Raises TwimlError."""
    refuse_attributes(element, allowed=_GATHER_ATTRIBUTES)
    refuse_text(element)
    require_post(element, "method")
    one_of(element, "input", ("dtmf",))
    limited = element.get("numDigits") is not None
    return Gather(
        prompts=tuple(_parse_prompt(child) for child in element),
        num_digits=(
            whole_number(element, "numDigits", default=1, lowest=1, highest=1000)
            if limited
            else None
        ),
        finish_on_key=_keys(element, default=Gather().finish_on_key),
        timeout_s=whole_number(element, "timeout", default=5, lowest=1, highest=600),
        action=address(element, "action"),
        action_on_empty=one_of(element, "actionOnEmptyResult", ("false", "true")) == "true",
    )


def _parse_prompt(element: Element) -> Speech:
    parse_one = twiml_speech.VERBS.get(element.tag)
    if parse_one is None:
        raise TwimlError(f"<{element.tag}> may not stand in <Gather>.")
    return parse_one(element)


def _keys(element: Element, *, default: str) -> str:
    keys = element.get("finishOnKey", default)
    if not re.fullmatch(r"[0-9*#]*", keys):
        raise TwimlError(
            f'<{element.tag} finishOnKey="{keys}"> has characters that are on no keypad.'
        )
    return keys


def _events(element: Element) -> tuple[str, ...]:
    events = tuple(element.get("recordingStatusCallbackEvent", "completed").split())
    if unknown := set(events) - {"in-progress", "completed", "absent"}:
        raise TwimlError(f"<Record> knows no event {', '.join(sorted(unknown))}.")
    return events
