"""What one TwiML element may hold; each check raises TwimlError with a plain sentence."""

import re
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from telephony.simulator.errors import TwimlError

LOOPBACK_HOSTS = {"127.0.0.1", "localhost", "::1"}


def refuse_attributes(element: Element, *, allowed: set[str]) -> None:
    """Refuse every attribute but the `allowed` ones."""
    for name in element.keys():  # noqa: SIM118  # an Element is a sequence of its children
        if name not in allowed:
            raise TwimlError(f"<{element.tag}> has no attribute {name!r}.")


def refuse_children(element: Element) -> None:
    """Refuse elements inside this one."""
    for child in element:
        raise TwimlError(f"<{child.tag}> may not stand in <{element.tag}>.")


def refuse_text(element: Element) -> None:
    """Refuse text directly inside this element; white space is fine."""
    for text in (element.text, *(child.tail for child in element)):
        if text and text.strip():
            raise TwimlError(f"<{element.tag}> may not hold text.")


def refuse_content(element: Element) -> None:
    """Refuse anything inside this element."""
    refuse_children(element)
    refuse_text(element)


def require_post(element: Element, name: str) -> None:
    """Refuse a method other than POST, which is all we use."""
    if element.get(name, "POST") != "POST":
        raise TwimlError(f'<{element.tag} {name}="{element.get(name)}">: only POST is simulated.')


def one_of(element: Element, name: str, values: tuple[str, ...]) -> str:
    """The attribute's value; the first of `values` is the default."""
    value = element.get(name, values[0])
    if value not in values:
        raise TwimlError(f'<{element.tag} {name}="{value}"> must be {" or ".join(values)}.')
    return value


def whole_number(element: Element, name: str, *, default: int, lowest: int, highest: int) -> int:
    """The attribute's value as a number within limits."""
    raw = element.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,6}", raw) or not lowest <= int(raw) <= highest:
        raise TwimlError(
            f'<{element.tag} {name}="{raw}"> must be a whole number from {lowest} to {highest}.'
        )
    return int(raw)


def address(element: Element, name: str) -> str | None:
    """The attribute's address, None when it is not there."""
    raw = element.get(name)
    return None if raw is None else checked_address(f"{element.tag} {name}", raw)


def checked_address(where: str, url: str) -> str:
    """An absolute http(s) address, or one relative to the document."""
    scheme, host = _split(where, url)
    if scheme not in {"http", "https", ""} or (scheme and not host):
        raise TwimlError(f"<{where}> is no web address: {url!r}.")
    return url


def stream_address(url: str) -> str:
    """A stream's address: wss, or ws on this machine, and no query."""
    scheme, host = _split("Stream url", url)
    if "?" in url or "#" in url:
        raise TwimlError("<Stream url> has a query; the carrier drops it. Use <Parameter>.")
    if scheme == "ws" and host not in LOOPBACK_HOSTS:
        raise TwimlError("<Stream url> must be wss; ws is for this machine only.")
    if scheme not in {"ws", "wss"} or not host:
        raise TwimlError(f"<Stream url> must be a wss address, not {url!r}.")
    return url


def _split(where: str, url: str) -> tuple[str, str]:
    if not url or re.search(r"\s", url):
        raise TwimlError(f"<{where}> is no address: {url!r}.")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  # reading it checks it
    except ValueError as error:
        raise TwimlError(f"<{where}> is no address: {url!r}.") from error
    return parts.scheme, parts.hostname or ""
