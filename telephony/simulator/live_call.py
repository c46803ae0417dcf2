"""One simulated call under way: what all verbs work on."""

from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from telephony.simulator.call_identity import CallIdentity
from telephony.simulator.callback_queue import CallbackQueue
from telephony.simulator.callers import Caller
from telephony.simulator.events import Report
from telephony.simulator.keypad import Keypad
from telephony.simulator.line import Line
from telephony.simulator.media_leg import MediaLeg
from telephony.simulator.orders import Orders
from telephony.simulator.result import Outcome
from telephony.simulator.webhook_client import WebhookClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """The document to go on with, and the fields its request carries beside the call's own.

    A `document` that is there already needs no request; `url` is then where its addresses start.
    """

    url: str
    document: bytes = b""
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class LiveCall:
    """Who is on the line, what has happened so far, and the ways to the server."""

    identity: CallIdentity
    caller: Caller
    folder: Path
    session: aiohttp.ClientSession
    webhooks: WebhookClient
    callbacks: CallbackQueue
    report: Report
    outcome: Outcome = field(default_factory=Outcome)
    keypad: Keypad = field(default_factory=Keypad)
    orders: Orders = field(default_factory=Orders)
    line: Line | None = None
    leg: MediaLeg | None = None
    recordings: list[Path] = field(default_factory=list)

    def answered_line(self) -> Line:
        """The line to the caller: the first verb that needs it answers the call."""
        if self.line is None:
            self.line = Line(self.caller, report=self.report, orders=self.orders)
            self.outcome.answered = True
        return self.line

    async def press(self, key: str) -> None:
        """The caller presses a key: an open stream hears it, else whoever waits for keys."""
        if self.leg is not None:
            await self.leg.press(key)
        else:
            self.keypad.press(key)
