"""What the carrier's REST API has told a running call to do: end, or go on with other TwiML."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Go on with `document`; without one, end."""

    document: bytes = b""


OrderSource = Callable[[str], Awaitable[Sequence[Order]]]
"""Gives the orders that have come for a call's SID, each once."""


class Orders:
    """The orders of one call that nobody has carried out yet. A call that is to end, ends."""

    def __init__(self) -> None:
        self.is_to_end = False
        self._document = b""

    def add(self, order: Order) -> None:
        """Take an order; of two documents the later one counts."""
        if order.document:
            self._document = order.document
        else:
            self.is_to_end = True

    def take_document(self) -> bytes:
        """The document to go on with, once; empty when there is none."""
        document, self._document = self._document, b""
        return document
