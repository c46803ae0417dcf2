"""Reading TwiML as strictly as the carrier does, and a little more.

The carrier only warns about an unknown attribute; here it is an error, so that a misspelt one
is found before a real caller finds it. Sources: Twilio's TwiML reference; errors 12100, 11750.
"""

from collections.abc import Callable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from telephony.simulator import twiml_input, twiml_speech, twiml_stream
from telephony.simulator.elements import (
    checked_address,
    one_of,
    refuse_attributes,
    refuse_children,
    refuse_content,
    refuse_text,
    require_post,
)
from telephony.simulator.errors import TwimlError
from telephony.simulator.verbs import Hangup, Redirect, Reject, Verb

MAX_DOCUMENT_BYTES = 64 * 1024


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


_VERBS: dict[str, Callable[[Element], Verb]] = {
    **twiml_speech.VERBS,
    "Gather": twiml_input.parse_gather,
    "Record": twiml_input.parse_record,
    "Connect": twiml_stream.parse_connect,
    "Redirect": _parse_redirect,
    "Reject": _parse_reject,
    "Hangup": _parse_hangup,
}
