"""The Calls resource of Twilio's peer: what it takes, what it refuses, what it answers."""

import re
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

# Parameter names of Twilio's OpenAPI file, version 2010-04-01.
_CREATE_NAMES = """
To From Url Twiml ApplicationSid Method FallbackUrl FallbackMethod StatusCallback
StatusCallbackEvent StatusCallbackMethod SendDigits Timeout Record RecordingChannels
RecordingStatusCallback RecordingStatusCallbackMethod RecordingStatusCallbackEvent
RecordingConfigurationId RecordingTrack SipAuthUsername SipAuthPassword MachineDetection
MachineDetectionTimeout MachineDetectionSpeechThreshold MachineDetectionSpeechEndThreshold
MachineDetectionSilenceTimeout Trim CallerId AsyncAmd AsyncAmdStatusCallback
AsyncAmdStatusCallbackMethod Passports Byoc CallReason CallToken TimeLimit ClientNotificationUrl
"""
_UPDATE_NAMES = """
Url Method Status FallbackUrl FallbackMethod StatusCallback StatusCallbackMethod Twiml TimeLimit
"""
CREATE_PARAMETERS = set(_CREATE_NAMES.split())
UPDATE_PARAMETERS = set(_UPDATE_NAMES.split())
STEPS = {"initiated", "ringing", "answered", "completed"}
RUNNING = {"queued", "ringing", "in-progress"}
METHODS = {"GET", "POST"}

Form = dict[str, list[str]]


@dataclass(kw_only=True)
class PlacedCall:
    """One call: what it was placed with, how it stands, and the TwiML it was given since."""

    form: Form
    status: str = "queued"
    twiml: str = ""

    def body(self, sid: str, account_sid: str) -> dict[str, Any]:
        """The call as Twilio shows it."""
        return {
            "sid": sid,
            "account_sid": account_sid,
            "api_version": "2010-04-01",
            "to": self.form["To"][0],
            "from": self.form["From"][0],
            "status": self.status,
            "direction": "outbound-api",
            "price": None,
            "price_unit": "USD",
            "duration": None,
            "date_created": None,
            "uri": f"/2010-04-01/Accounts/{account_sid}/Calls/{sid}.json",
        }


def new_sid() -> str:
    """A call SID."""
    return f"CA{uuid.uuid4().hex}"


def fault_of_new_call(form: Form, *, ours: set[str]) -> int | None:
    """Twilio's code for why this call is not placed; `ours` are the numbers it may come from."""
    one = {name: values[0] for name, values in form.items()}
    if form.keys() - CREATE_PARAMETERS or _repeats(form, may_repeat={"StatusCallbackEvent"}):
        return 20001
    if not re.fullmatch(r"\+[1-9]\d{6,14}", one.get("To", "")):
        return 21211
    if "From" not in one:
        return 21213
    if one["From"] not in ours:
        return 21210
    if not _is_address(one.get("Url", "")) or not _is_address(one.get("StatusCallback", "")):
        return 21205
    methods = {one.get("Method", "POST"), one.get("StatusCallbackMethod", "POST")}
    steps = form.get("StatusCallbackEvent", [])
    if methods - METHODS or set(steps) - STEPS or not _is_ring_time(one.get("Timeout", "60")):
        return 20001
    return None


def fault_of_change(form: Form, call: PlacedCall) -> int | None:
    """Twilio's code for why a call is not changed so."""
    if form.keys() - UPDATE_PARAMETERS or _repeats(form, may_repeat=set()):
        return 20001
    if form.get("Status", ["completed"])[0] not in {"canceled", "completed"}:
        return 20001
    if "Twiml" in form and not 1 <= len(form["Twiml"][0]) <= 4000:
        return 20001
    return None if call.status in RUNNING else 21220


def change(call: PlacedCall, form: Form) -> None:
    """Do as the request says."""
    call.status = form.get("Status", [call.status])[0]
    call.twiml = form.get("Twiml", [call.twiml])[0]


def _repeats(form: Form, *, may_repeat: set[str]) -> bool:
    return any(len(values) > 1 for name, values in form.items() if name not in may_repeat)


def _is_address(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return urlsplit(url).scheme in {"http", "https"} and bool(host) and "_" not in host


def _is_ring_time(seconds: str) -> bool:
    return seconds.isdecimal() and 1 <= int(seconds) <= 600
