"""Reading TwiML as strictly as the carrier does, and a little more.

The carrier only warns about an unknown attribute; here it is an error, so that a misspelt one
is found before a real caller finds it. Sources: Twilio's TwiML reference; errors 12100, 11750.
"""

import re
from collections.abc import Callable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from telephony.simulator.elements import (
    address,
    checked_address,
    one_of,
    refuse_attributes,
    refuse_children,
    refuse_content,
    refuse_text,
    require_post,
    stream_address,
    whole_number,
)
from telephony.simulator.errors import TwimlError
from telephony.simulator.verbs import (
    Connect,
    Hangup,
    Pause,
    Record,
    Redirect,
    Reject,
    Say,
    Stream,
    Verb,
)

MAX_DOCUMENT_BYTES = 64 * 1024
MAX_SAY_CHARACTERS = 4096
MAX_PARAMETER_CHARACTERS = 500


def parse(document: bytes) -> tuple[Verb, ...]:
    """The verbs of a TwiML document, in order. Raises TwimlError and nothing else."""
    response = _read_xml(document)
    if response.tag != "Response":
        raise TwimlError(f"The document starts with <{response.tag}> instead of <Response>.")
    refuse_attributes(response, allowed=set())
    refuse_text(response)
    verbs = tuple(_parse_verb(element) for element in response)
    if any(isinstance(verb, Reject) for verb in verbs[1:]):
        raise TwimlError("<Reject> must be the first verb: afterwards the call is answered.")
    return verbs


def _read_xml(document: bytes) -> Element:
    if len(document) > MAX_DOCUMENT_BYTES:
        raise TwimlError("The document is larger than 64 KiB.")
    try:
        text = document.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TwimlError("The document is not UTF-8.") from error
    # Without a document type there are no entities but XML's own five: nothing can expand.
    if "<!DOCTYPE" in text:
        raise TwimlError("The document has a document type (<!DOCTYPE>); TwiML has none.")
    try:
        return ElementTree.fromstring(text)  # noqa: S314  # no document type, 64 KiB at most
    except (ElementTree.ParseError, ValueError) as error:
        raise TwimlError(f"The document is no well-formed XML: {error}.") from error


def _parse_verb(element: Element) -> Verb:
    parse_one = _VERBS.get(element.tag)
    if parse_one is None:
        raise TwimlError(f"<{element.tag}> is no verb that this carrier knows.")
    return parse_one(element)


def _parse_say(element: Element) -> Say:
    refuse_attributes(element, allowed={"voice", "language", "loop"})
    refuse_children(element)
    text = " ".join((element.text or "").split())
    if not text:
        raise TwimlError("<Say> has no words.")
    if len(text) > MAX_SAY_CHARACTERS:
        raise TwimlError(f"<Say> has more than {MAX_SAY_CHARACTERS} characters.")
    return Say(
        text=text,
        loop=whole_number(element, "loop", default=1, lowest=0, highest=1000),
        voice=element.get("voice", ""),
        language=element.get("language", ""),
    )


def _parse_pause(element: Element) -> Pause:
    refuse_attributes(element, allowed={"length"})
    refuse_content(element)
    return Pause(length_s=whole_number(element, "length", default=1, lowest=0, highest=180))


def _parse_record(element: Element) -> Record:
    refuse_attributes(element, allowed=_RECORD_ATTRIBUTES)
    refuse_content(element)
    for name in ("method", "recordingStatusCallbackMethod"):
        require_post(element, name)
    one_of(element, "trim", ("do-not-trim", "trim-silence"))
    events = tuple(element.get("recordingStatusCallbackEvent", "completed").split())
    if unknown := set(events) - {"in-progress", "completed", "absent"}:
        raise TwimlError(f"<Record> knows no event {', '.join(sorted(unknown))}.")
    keys = element.get("finishOnKey", Record().finish_on_key)
    if not re.fullmatch(r"[0-9*#]*", keys):
        raise TwimlError(f'<Record finishOnKey="{keys}"> has characters that are on no keypad.')
    return Record(
        action=address(element, "action"),
        timeout_s=whole_number(element, "timeout", default=5, lowest=1, highest=600),
        max_length_s=whole_number(element, "maxLength", default=3600, lowest=1, highest=14400),
        finish_on_key=keys,
        play_beep=one_of(element, "playBeep", ("true", "false")) == "true",
        status_callback=address(element, "recordingStatusCallback"),
        status_events=events,
    )


def _parse_connect(element: Element) -> Connect:
    refuse_attributes(element, allowed={"action", "method"})
    refuse_text(element)
    require_post(element, "method")
    if [child.tag for child in element] != ["Stream"]:
        raise TwimlError("<Connect> must hold exactly one <Stream> here.")
    return Connect(stream=_parse_stream(element[0]), action=address(element, "action"))


def _parse_stream(element: Element) -> Stream:
    refuse_attributes(
        element, allowed={"url", "name", "track", "statusCallback", "statusCallbackMethod"}
    )
    refuse_text(element)
    require_post(element, "statusCallbackMethod")
    one_of(element, "track", ("inbound_track",))
    return Stream(
        url=stream_address(element.get("url", "")),
        name=element.get("name", ""),
        parameters=tuple(_parse_parameter(child) for child in element),
        status_callback=address(element, "statusCallback"),
    )


def _parse_parameter(element: Element) -> tuple[str, str]:
    if element.tag != "Parameter":
        raise TwimlError(f"<{element.tag}> may not stand in <Stream>.")
    refuse_attributes(element, allowed={"name", "value"})
    refuse_content(element)
    name, value = element.get("name", ""), element.get("value", "")
    if not name:
        raise TwimlError("<Parameter> has no name.")
    if len(name) + len(value) >= MAX_PARAMETER_CHARACTERS:
        raise TwimlError(f"<Parameter> has {MAX_PARAMETER_CHARACTERS} characters or more.")
    return name, value


def _parse_redirect(element: Element) -> Redirect:
    refuse_attributes(element, allowed={"method"})
    refuse_children(element)
    require_post(element, "method")
    url = (element.text or "").strip()
    if not url:
        raise TwimlError("<Redirect> has no address.")
    return Redirect(url=checked_address("Redirect", url))


def _parse_reject(element: Element) -> Reject:
    refuse_attributes(element, allowed={"reason"})
    refuse_content(element)
    return Reject(reason=one_of(element, "reason", ("rejected", "busy")))


def _parse_hangup(element: Element) -> Hangup:
    refuse_attributes(element, allowed=set())
    refuse_content(element)
    return Hangup()


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
_VERBS: dict[str, Callable[[Element], Verb]] = {
    "Say": _parse_say,
    "Pause": _parse_pause,
    "Record": _parse_record,
    "Connect": _parse_connect,
    "Redirect": _parse_redirect,
    "Reject": _parse_reject,
    "Hangup": _parse_hangup,
}
