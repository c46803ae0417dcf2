"""Reading the verbs that the caller only listens to: Say, Play, Pause."""

import re
from collections.abc import Callable
from xml.etree.ElementTree import Element

from telephony.simulator.elements import (
    checked_address,
    refuse_attributes,
    refuse_children,
    refuse_content,
    whole_number,
)
from telephony.simulator.errors import TwimlError
from telephony.simulator.verbs import Pause, Play, Say, Speech

MAX_SAY_CHARACTERS = 4096


def parse_say(element: Element) -> Say:
    """<Say>. Raises TwimlError."""
    refuse_attributes(element, allowed={"voice", "language", "loop"})
    refuse_children(element)
    text = " ".join((element.text or "").split())
    if not text:
        raise TwimlError("<Say> has no words.")
    if len(text) > MAX_SAY_CHARACTERS:
        raise TwimlError(f"<Say> has more than {MAX_SAY_CHARACTERS} characters.")
    return Say(
        text=text,
        loop=_loop(element),
        voice=element.get("voice", ""),
        language=element.get("language", ""),
    )


def parse_play(element: Element) -> Play:
    """<Play>: an address or digits. Raises TwimlError."""
    refuse_attributes(element, allowed={"digits", "loop"})
    refuse_children(element)
    url, digits = (element.text or "").strip(), element.get("digits", "")
    if bool(url) == bool(digits):
        raise TwimlError("<Play> needs an address or digits, one of them.")
    if url:
        return Play(url=checked_address("Play", url), loop=_loop(element))
    if not re.fullmatch(r"[0-9*#wW]{1,500}", digits):
        raise TwimlError(f'<Play digits="{digits}"> may hold 0-9, *, #, w and W.')
    return Play(digits=digits, loop=_loop(element))


def parse_pause(element: Element) -> Pause:
    """<Pause>. Raises TwimlError."""
    refuse_attributes(element, allowed={"length"})
    refuse_content(element)
    return Pause(length_s=whole_number(element, "length", default=1, lowest=0, highest=180))


def _loop(element: Element) -> int:
    return whole_number(element, "loop", default=1, lowest=0, highest=1000)


VERBS: dict[str, Callable[[Element], Speech]] = {
    "Say": parse_say,
    "Play": parse_play,
    "Pause": parse_pause,
}
