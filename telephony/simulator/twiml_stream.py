"""Reading <Connect><Stream>: giving the call's audio to a media socket."""

from xml.etree.ElementTree import Element

from telephony.simulator.elements import (
    address,
    one_of,
    refuse_attributes,
    refuse_content,
    refuse_text,
    require_post,
    stream_address,
)
from telephony.simulator.errors import TwimlError
from telephony.simulator.verbs import Connect, Stream

MAX_PARAMETER_CHARACTERS = 500


def parse_connect(element: Element) -> Connect:
    """<Connect> with its one <Stream>. Raises TwimlError."""
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
