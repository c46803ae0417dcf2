"""A loopback server that speaks the part of Twilio's REST API that Aloha uses.

It keeps what was bought, checks the credentials, refuses parameters that Twilio does not
know, and can be told to fail in the ways networks and providers fail.
"""

import base64
import contextlib
import json
import os
import re
import signal
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, parse_qsl, urlsplit

from tests.peers.twilio_calls import (
    Form,
    PlacedCall,
    change,
    fault_of_change,
    fault_of_new_call,
    new_sid,
)
from tests.peers.twilio_history import CALLS, RECORDINGS, HistoryKind, page_of
from tests.peers.twilio_market import SEARCH_PARAMETERS, Market

ACCOUNT_SID = "AC" + "a1" * 16
AUTH_TOKEN = "twilio-peer-token"

# Parameter names of Twilio's OpenAPI file, version 2010-04-01.
_CREATE_NAMES = """
ApiVersion FriendlyName SmsApplicationSid SmsFallbackMethod SmsFallbackUrl SmsMethod SmsUrl
StatusCallback StatusCallbackMethod VoiceApplicationSid VoiceCallerIdLookup VoiceFallbackMethod
VoiceFallbackUrl VoiceMethod VoiceUrl EmergencyStatus EmergencyAddressSid TrunkSid IdentitySid
AddressSid VoiceReceiveMode BundleSid PhoneNumber AreaCode
"""
LIST_PARAMETERS = {"Beta", "FriendlyName", "PhoneNumber", "Origin", "PageSize", "Page", "PageToken"}
CREATE_PARAMETERS = set(_CREATE_NAMES.split())
UPDATE_PARAMETERS = CREATE_PARAMETERS - {"PhoneNumber", "AreaCode"} | {"AccountSid"}

# drop: act, then close the connection without an answer; hang: act, then answer after HANG_S;
# garbled: act, then answer no JSON.
Fault = Literal["drop", "hang", "garbled", "500", "429"]
# Longer than any client waits in a test.
HANG_S = 1.5


@dataclass(frozen=True)
class Refused:
    """Answer this instead of acting."""

    status: int
    code: int | None
    retry_after: str | None = None


Answer = tuple[int, dict[str, Any] | bytes | None]
Parameters = dict[str, str]


@dataclass
class TwilioAccount:
    """What the peer knows: numbers for sale, numbers sold, requests seen, faults by HTTP method."""

    for_sale: dict[str, str] = field(
        default_factory=lambda: (
            {f"+1415555012{line}": "San Francisco" for line in range(8)}
            | {f"+1212555018{line}": "New York" for line in range(4)}
        )
    )
    sid: str = ACCOUNT_SID
    sold: dict[str, Parameters] = field(default_factory=dict)
    recordings: dict[str, bytes] = field(default_factory=dict)
    past_calls: Sequence[dict[str, Any]] = field(default_factory=list)
    past_recordings: Sequence[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    calls: dict[str, PlacedCall] = field(default_factory=dict)
    faults: dict[str, Fault | Refused] = field(default_factory=dict)
    base_url: str = ""
    largest_page: int = 1000
    market: Market = field(default_factory=Market)
    # The process to kill, and at which moment of its next request of which method.
    victim: dict[str, str] = field(default_factory=dict)

    def backend(self, auth_token: str = AUTH_TOKEN, **options: Any) -> dict[str, Any]:
        """The TELEPHONY setting that leads here."""
        return {
            "BACKEND": "telephony.backends.twilio.TwilioBackend",
            "OPTIONS": {
                "account_sid": self.sid,
                "auth_token": auth_token,
                "api_base_url": self.base_url,
                **options,
            },
        }

    def strike(self, method: str, moment: str) -> bool:
        """Kill the victim when this is its moment; whether it was."""
        if (self.victim.get("method"), self.victim.get("moment")) == (method, moment):
            # After an answer the victim may be done already.
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(self.victim.pop("pid")), signal.SIGKILL)
            self.victim.clear()
            return True
        return False

    def search(self, country: str, kind: str, query: Parameters) -> Answer:
        numbers = self.market.toll_free if kind == "TollFree" else self.for_sale
        if country != "US":
            numbers = self.market.abroad.get(country, {})
        free = {n: place for n, place in numbers.items() if n not in self._sold_numbers()}
        if not numbers:
            return _error(HTTPStatus.NOT_FOUND, 20404)
        if unknown := query.keys() - SEARCH_PARAMETERS:
            return _error(HTTPStatus.BAD_REQUEST, 20001, f"unknown {sorted(unknown)}")
        return HTTPStatus.OK, self.market.found(free, country, query)

    def create(self, form: Parameters) -> Answer:
        if unknown := form.keys() - CREATE_PARAMETERS:
            return _error(HTTPStatus.BAD_REQUEST, 20001, f"unknown {sorted(unknown)}")
        number = form.get("PhoneNumber", "")
        if len(form.get("FriendlyName", "")) > 64:
            return _error(HTTPStatus.BAD_REQUEST, 20001, "FriendlyName too long")
        if number == "+15005550001" or not re.fullmatch(r"\+[1-9]\d{6,14}", number):
            return _error(HTTPStatus.BAD_REQUEST, 21421)
        if number != "+15005550006" and number not in self.for_sale | self.market.toll_free:
            return _error(HTTPStatus.BAD_REQUEST, 21422)
        if number in self.market.need_address:
            return _error(HTTPStatus.BAD_REQUEST, 21631)
        if number in self._sold_numbers():
            return _error(HTTPStatus.BAD_REQUEST, 21422)
        sid = f"PN{uuid.uuid4().hex}"
        self.sold[sid] = form
        return HTTPStatus.CREATED, self._owned(sid)

    def list(self, query: Parameters) -> Answer:
        if unknown := query.keys() - LIST_PARAMETERS:
            return _error(HTTPStatus.BAD_REQUEST, 20001, f"unknown {sorted(unknown)}")
        path = f"/2010-04-01/Accounts/{self.sid}/IncomingPhoneNumbers.json"
        records = [self._owned(sid) for sid in self.sold]
        return HTTPStatus.OK, page_of(
            records, query, path, "incoming_phone_numbers", self.largest_page
        )

    def list_history(self, kind: HistoryKind, query: Parameters) -> Answer:
        if fault := kind.fault_of(query):
            return _error(HTTPStatus.BAD_REQUEST, 20001, fault)
        path = f"/2010-04-01/Accounts/{self.sid}/{kind.resource}.json"
        found = kind.asked_for(getattr(self, f"past_{kind.key}"), query)
        return HTTPStatus.OK, page_of(found, query, path, kind.key, self.largest_page)

    def update(self, sid: str, form: Parameters) -> Answer:
        if sid not in self.sold:
            return _error(HTTPStatus.NOT_FOUND, 20404)
        if unknown := form.keys() - UPDATE_PARAMETERS:
            return _error(HTTPStatus.BAD_REQUEST, 20001, f"unknown {sorted(unknown)}")
        self.sold[sid] |= form
        return HTTPStatus.OK, self._owned(sid)

    def place_call(self, form: Form) -> Answer:
        ours = {"+15005550006"} | self._sold_numbers()
        if code := fault_of_new_call(form, ours=ours):
            return _error(HTTPStatus.BAD_REQUEST, code)
        sid = new_sid()
        self.calls[sid] = PlacedCall(form=form)
        return HTTPStatus.CREATED, self.calls[sid].body(sid, self.sid)

    def update_call(self, sid: str, form: Form) -> Answer:
        if sid not in self.calls:
            return _error(HTTPStatus.NOT_FOUND, 20404)
        if code := fault_of_change(form, self.calls[sid]):
            return _error(HTTPStatus.BAD_REQUEST, code)
        change(self.calls[sid], form)
        return HTTPStatus.OK, self.calls[sid].body(sid, self.sid)

    def recording(self, sid: str) -> Answer:
        if sid not in self.recordings:
            return _error(HTTPStatus.NOT_FOUND, 20404)
        return HTTPStatus.OK, self.recordings[sid]

    def delete_recording(self, sid: str) -> Answer:
        if self.recordings.pop(sid, None) is None:
            return _error(HTTPStatus.NOT_FOUND, 20404)
        return HTTPStatus.NO_CONTENT, None

    def delete(self, sid: str) -> Answer:
        if self.sold.pop(sid, None) is None:
            return _error(HTTPStatus.NOT_FOUND, 20404)
        return HTTPStatus.NO_CONTENT, None

    def _sold_numbers(self) -> set[str]:
        return {form["PhoneNumber"] for form in self.sold.values()}

    def _owned(self, sid: str) -> dict[str, Any]:
        form = self.sold[sid]
        return {
            "sid": sid,
            "account_sid": self.sid,
            "phone_number": form["PhoneNumber"],
            "friendly_name": form.get("FriendlyName"),
            "voice_url": form.get("VoiceUrl"),
            "voice_method": form.get("VoiceMethod"),
            "voice_fallback_url": form.get("VoiceFallbackUrl"),
            "voice_fallback_method": form.get("VoiceFallbackMethod"),
            "status_callback": form.get("StatusCallback"),
            "status_callback_method": form.get("StatusCallbackMethod"),
            "capabilities": {"voice": True, "SMS": True, "MMS": False},
            "date_created": "Thu, 30 Jul 2026 23:19:04 +0000",
        }


@contextmanager
def twilio_peer(sid: str = ACCOUNT_SID) -> Iterator[TwilioAccount]:
    """Run the server on a free loopback port for as long as the block lasts."""
    account = TwilioAccount(sid=sid)
    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *arguments: _Handler(account, *arguments))
    account.base_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield account
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, account: TwilioAccount, *arguments: Any) -> None:
        self.account = account
        super().__init__(*arguments)

    def do_GET(self) -> None:
        query = dict(parse_qsl(urlsplit(self.path).query))
        if found := self._path(r"/AvailablePhoneNumbers/([A-Z]{2})/(Local|TollFree)\.json"):
            self._answer(lambda: self.account.search(found[1], found[2], query))
        elif self._path(r"/AvailablePhoneNumbers\.json"):
            self._answer(lambda: (HTTPStatus.OK, self.account.market.countries()))
        elif found := re.fullmatch(r"/v1/PhoneNumbers/Countries/([A-Z]{2})", self.path):
            self._answer(lambda: self.account.market.priced(found[1]))
        elif found := re.fullmatch(r"/v1/DialingPermissions/Countries/([A-Z]{2})", self.path):
            self._answer(lambda: self.account.market.dialing(found[1]))
        elif self._path(r"/IncomingPhoneNumbers\.json"):
            self._answer(lambda: self.account.list(query))
        elif self._path(r"/Calls\.json"):
            self._answer(lambda: self.account.list_history(CALLS, query))
        elif self._path(r"/Recordings\.json"):
            self._answer(lambda: self.account.list_history(RECORDINGS, query))
        elif found := self._path(r"/Recordings/([^/]+)\.wav"):
            self._answer(lambda: self.account.recording(found[1]))
        else:
            self._answer(lambda: _error(HTTPStatus.NOT_FOUND, 20404))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path == "/victim":
            self.account.victim = dict(parse_qsl(body))
            self._send(HTTPStatus.NO_CONTENT, None)
        elif self._path(r"/IncomingPhoneNumbers\.json"):
            self._answer(lambda: self.account.create(dict(parse_qsl(body))))
        elif found := self._path(r"/IncomingPhoneNumbers/([^/]+)\.json"):
            self._answer(lambda: self.account.update(found[1], dict(parse_qsl(body))))
        elif self._path(r"/Calls\.json"):
            form = parse_qs(body, keep_blank_values=True)
            self._answer(lambda: self.account.place_call(form))
        elif found := self._path(r"/Calls/([^/]+)\.json"):
            form = parse_qs(body, keep_blank_values=True)
            self._answer(lambda: self.account.update_call(found[1], form))
        else:
            self._answer(lambda: _error(HTTPStatus.NOT_FOUND, 20404))

    def do_DELETE(self) -> None:
        if found := self._path(r"/IncomingPhoneNumbers/([^/]+)\.json"):
            self._answer(lambda: self.account.delete(found[1]))
        elif found := self._path(r"/Recordings/([^/]+)\.json"):
            self._answer(lambda: self.account.delete_recording(found[1]))
        else:
            self._answer(lambda: _error(HTTPStatus.NOT_FOUND, 20404))

    def log_message(self, *message: Any) -> None:
        """Nothing: the test looks at `requests`."""

    def _path(self, pattern: str) -> re.Match[str] | None:
        account = f"/2010-04-01/Accounts/{self.account.sid}"
        return re.fullmatch(re.escape(account) + pattern, urlsplit(self.path).path)

    def _answer(self, act: Any) -> None:
        self.account.requests.append(f"{self.command} {urlsplit(self.path).path}")
        credentials = base64.b64encode(f"{self.account.sid}:{AUTH_TOKEN}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {credentials}":
            return self._send(*_error(HTTPStatus.UNAUTHORIZED, 20003))
        fault = self.account.faults.get(self.command)
        match fault:
            case Refused(status, code, retry_after):
                headers = {"Retry-After": retry_after} if retry_after else {}
                return self._send(*_error(status, code), headers)
            case "500":
                return self._send(*_error(HTTPStatus.INTERNAL_SERVER_ERROR, 20500))
            case "429":
                return self._send(*_error(HTTPStatus.TOO_MANY_REQUESTS, 20429))
        if self.account.strike(self.command, "before"):
            self.close_connection = True  # the request never arrived whole
            return None
        status, body = act()
        self.account.strike(self.command, "after")
        match fault:
            case "drop":
                self.close_connection = True
            case "garbled":
                # An answer that has no content cannot be garbled.
                status = HTTPStatus.OK if status == HTTPStatus.NO_CONTENT else status
                self._send(status, "<html>not what you asked for</html>")
            case "hang" | None:
                time.sleep(HANG_S if fault else 0)
                with contextlib.suppress(ConnectionError):  # of a client that was killed
                    self._send(status, body)
                self.account.strike(self.command, "answered")
        return None

    def _send(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        if not isinstance(body, bytes | str):
            body = json.dumps(body) if body else ""
        content = body if isinstance(body, bytes) else body.encode()
        kind = "audio/x-wav" if isinstance(body, bytes) else "application/json"
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _error(status: int, code: int | None, message: str = "refused by the peer") -> Answer:
    return status, {"code": code, "message": message, "status": int(status), "more_info": ""}
