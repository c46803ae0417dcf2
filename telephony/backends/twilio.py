"""Real numbers: Twilio's REST API through its own client.

Every answer is judged in one place, the transport below: it sees status and body of each
request, which the client hides for lists. Nothing is retried: whoever asked decides.
"""

import json
import logging
import re
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core import checks
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import HTTPError

from telephony import metrics
from telephony.backends import twilio_history
from telephony.backends.base import (
    MAX_DOCUMENT_CHARACTERS,
    Country,
    MachineDetection,
    NumberAddresses,
    NumberType,
    Offer,
    ProviderCall,
    ProviderNumber,
    ProviderRecording,
    TelephonyBackend,
)
from telephony.backends.twilio_errors import FOR_THE_OPERATOR, NotFound, error_for
from telephony.backends.twilio_market import Market, readable
from telephony.errors import CallOver, ProviderRefused, ProviderUnclear
from telephony.phone_numbers import is_toll_free

logger = logging.getLogger(__name__)

# Per connection and per read; the client's own default is to wait for ever.
TIMEOUT_S = 10
# Twilio's largest page; a listing that might be cut short would make numbers look lost.
NUMBERS_PER_PAGE = 1000
MAX_NUMBERS = 100_000
MAX_HISTORY = 50_000
MAX_RECORDING_BYTES = 32 * 1024 * 1024

_NUMBER_SID = re.compile(r"PN[0-9a-fA-F]{32}")
_CALL_SID = re.compile(r"CA[0-9a-fA-F]{32}")
_RECORDING_SID = re.compile(r"RE[0-9a-fA-F]{32}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")
CALL_STEPS = ["initiated", "ringing", "answered", "completed"]


class TwilioBackend(TelephonyBackend):
    """The numbers and calls of one Twilio account."""

    is_simulated = False

    def __init__(
        self,
        *,
        account_sid: str,
        auth_token: str,
        api_base_url: str = "",
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self.account = account_sid
        self._auth = (account_sid, auth_token)
        self._api_base_url = api_base_url.rstrip("/") or "https://api.twilio.com"
        self._timeout_s = timeout_s
        transport = _Transport(api_base_url, timeout_s)
        self._client = Client(account_sid, auth_token, http_client=transport)
        self._market = Market(self._client)

    def countries(self) -> tuple[Country, ...]:
        """Every country of Twilio's listing of available numbers."""
        return self._market.countries()

    def search_numbers(
        self,
        *,
        country: str,
        area_code: str | None,
        limit: int,
        number_type: NumberType = NumberType.LOCAL,
    ) -> list[Offer]:
        """Numbers that take calls and need no address; empty where Twilio has none.

        Papers that a regulator asks for beyond an address are in no listing of Twilio's: it says
        so at the purchase only.
        """
        query = {"area_code": area_code} if area_code else {}
        return self._market.offers(country, number_type, limit=limit, **query)

    def find_offer(self, phone_number: str, *, country: str) -> Offer | None:
        """The offer for exactly this number."""
        number_type = NumberType.TOLL_FREE if is_toll_free(phone_number) else NumberType.LOCAL
        offers = self._market.offers(country, number_type, limit=1, contains=phone_number)
        return next((offer for offer in offers if offer.phone_number == phone_number), None)

    def purchase_number(
        self, phone_number: str, *, tag: str, addresses: NumberAddresses
    ) -> ProviderNumber:
        """Buy the number with its addresses set, so that its first call is answered."""
        with readable():
            bought = self._client.incoming_phone_numbers.create(
                phone_number=phone_number, friendly_name=tag, **_parameters(addresses)
            )
            if not _NUMBER_SID.fullmatch(bought.sid) or bought.phone_number != phone_number:
                raise ValueError("the answer names another number")
            return _owned(bought)

    def release_number(self, sid: str) -> bool:
        """Delete the number; simulated and malformed SIDs never reach the network."""
        # The client puts a SID into the address as it is: "../x" would ask for something else.
        if not _NUMBER_SID.fullmatch(sid):
            raise ProviderRefused("This is not the SID of a Twilio number.")
        try:
            with readable():
                self._client.incoming_phone_numbers(sid).delete()
        except NotFound:
            logger.info("number is not in the account", extra={"sid": sid})
            return False
        return True

    def list_numbers(self) -> list[ProviderNumber]:
        """All pages of the account's numbers; more than MAX_NUMBERS is no answer."""
        with readable():
            found = self._client.incoming_phone_numbers.list(
                limit=MAX_NUMBERS + 1, page_size=NUMBERS_PER_PAGE
            )
            if len(found) > MAX_NUMBERS:
                raise ValueError("more numbers than can be told apart from all of them")
            return [_owned(record) for record in found]

    def update_addresses(self, sid: str, addresses: NumberAddresses) -> None:
        """Point a number at other webhooks; its name and everything else stay."""
        if not _NUMBER_SID.fullmatch(sid):
            raise ProviderRefused("This is not the SID of a Twilio number.")
        with readable():
            self._client.incoming_phone_numbers(sid).update(**_parameters(addresses))

    def fetch_recording(self, sid: str) -> bytes:
        """Download by SID; an address that a request names is never fetched."""
        if not _RECORDING_SID.fullmatch(sid):
            raise ProviderRefused("This is not the SID of a Twilio recording.")
        path = f"/2010-04-01/Accounts/{self.account}/Recordings/{sid}.wav"
        try:
            response = requests.get(
                self._api_base_url + path, auth=self._auth, timeout=self._timeout_s, stream=True
            )
            with response:
                if response.status_code != HTTPStatus.OK:
                    logger.warning("recording not there", extra={"status": response.status_code})
                    raise ProviderUnclear
                content = response.raw.read(MAX_RECORDING_BYTES + 1, decode_content=True)
        except (requests.RequestException, HTTPError) as error:
            raise ProviderUnclear from error
        if len(content) > MAX_RECORDING_BYTES:
            raise ProviderRefused("The recording is larger than 32 MiB.")
        return bytes(content)

    def delete_recording(self, sid: str) -> None:
        """Delete it at Twilio, which keeps recordings for ever otherwise."""
        if not _RECORDING_SID.fullmatch(sid):
            raise ProviderRefused("This is not the SID of a Twilio recording.")
        try:
            with readable():
                self._client.recordings(sid).delete()
        except NotFound:
            logger.info("recording was gone already", extra={"sid": sid})

    def list_calls(self, *, since: datetime) -> list[ProviderCall]:
        """Completed calls; more than MAX_HISTORY is no answer."""
        with readable():
            found = self._client.calls.list(
                status="completed",
                start_time_after=since,
                limit=MAX_HISTORY + 1,
                page_size=NUMBERS_PER_PAGE,
            )
            return twilio_history.incoming_calls(_all_of(found), since=since)

    def list_recordings(self, *, since: datetime) -> list[ProviderRecording]:
        """What `<Record>` recorded; more than MAX_HISTORY is no answer."""
        with readable():
            found = self._client.recordings.list(
                date_created_after=since, limit=MAX_HISTORY + 1, page_size=NUMBERS_PER_PAGE
            )
            return twilio_history.messages(_all_of(found), since=since)

    def place_call(
        self,
        *,
        to: str,
        from_: str,
        url: str,
        status_url: str,
        ring_seconds: int,
        machine_detection: MachineDetection = MachineDetection.OFF,
    ) -> str:
        """One request; Twilio queues what exceeds the account's calls per second."""
        detection = {"machine_detection": machine_detection.value} if machine_detection else {}
        with readable():
            call = self._client.calls.create(
                to=to,
                from_=from_,
                url=url,
                method="POST",
                status_callback=status_url,
                status_callback_method="POST",
                status_callback_event=CALL_STEPS,
                timeout=ring_seconds,
                **detection,
            )
            if not _CALL_SID.fullmatch(call.sid):
                raise ValueError("the answer names no call")
            return str(call.sid)

    def may_call(self, country: str) -> bool:
        """Twilio's geographic permissions: of a country its numbers without a high risk."""
        if not _COUNTRY.fullmatch(country):
            raise ProviderRefused("This is no country.")
        with readable():
            permissions = self._client.voice.v1.dialing_permissions.countries(country).fetch()
            if not isinstance(permissions.low_risk_numbers_enabled, bool):
                raise TypeError("the answer says neither yes nor no")
            return permissions.low_risk_numbers_enabled

    def redirect_call(self, call_sid: str, *, document: str) -> None:
        """Put other TwiML in the place of what the call is doing."""
        if not 1 <= len(document) <= MAX_DOCUMENT_CHARACTERS:
            raise ProviderRefused(f"TwiML has 1 to {MAX_DOCUMENT_CHARACTERS} characters here.")
        self._update_call(call_sid, twiml=document)

    def end_call(self, call_sid: str) -> None:
        """Complete the call, also one that still rings."""
        try:
            self._update_call(call_sid, status="completed")
        except CallOver:
            logger.info("call was over already", extra={"call_sid": call_sid})

    def check(self) -> list[checks.CheckMessage]:
        """The shape of the account SID, and an address that Twilio can reach."""
        found: list[checks.CheckMessage] = []
        if not _ACCOUNT_SID.fullmatch(self.account):
            found.append(
                checks.Error(
                    "TWILIO_ACCOUNT_SID is not an account SID.",
                    hint="It starts with AC and goes on with 32 hexadecimal digits.",
                    id="telephony.E002",
                )
            )
        if urlsplit(settings.PUBLIC_BASE_URL).scheme != "https":
            found.append(
                checks.Warning(
                    "Real numbers need a PUBLIC_BASE_URL that begins with https://.",
                    hint="Twilio opens media sockets over TLS only.",
                    id="telephony.W001",
                )
            )
        return found

    def _update_call(self, call_sid: str, **changes: str) -> None:
        if not _CALL_SID.fullmatch(call_sid):
            raise ProviderRefused("This is not the SID of a Twilio call.")
        with readable():
            self._client.calls(call_sid).update(**changes)


class _Transport(TwilioHttpClient):  # type: ignore[misc]  # the library ships no types
    """Sends to another base address when one is set, and turns failures into our errors."""

    def __init__(self, base_url: str, timeout_s: float) -> None:
        super().__init__(timeout=timeout_s)
        self._base = urlsplit(base_url)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        if self._base.netloc:
            parts = urlsplit(url)
            url = parts._replace(scheme=self._base.scheme, netloc=self._base.netloc).geturl()
        try:
            response = super().request(method, url, *args, **kwargs)
        except requests.RequestException as error:
            metrics.PROVIDER_ERRORS.labels(error=ProviderUnclear.code).inc()
            raise ProviderUnclear from error
        if not 200 <= response.status_code < 300:
            code = _code_of(response)
            refusal = error_for(
                status=response.status_code,
                code=code,
                retry_after=(response.headers or {}).get("Retry-After"),
            )
            logger.log(
                logging.ERROR if isinstance(refusal, FOR_THE_OPERATOR) else logging.WARNING,
                "twilio refused",
                extra={"method": method, "status": response.status_code, "twilio_code": code},
            )
            metrics.PROVIDER_ERRORS.labels(error=refusal.code).inc()
            raise refusal
        if method == "DELETE" and response.status_code != HTTPStatus.NO_CONTENT:
            # The client takes any 2xx for a deletion, also that of whatever stands in between.
            metrics.PROVIDER_ERRORS.labels(error=ProviderUnclear.code).inc()
            raise ProviderUnclear
        return response


def _all_of(found: list[Any]) -> list[Any]:
    if len(found) > MAX_HISTORY:
        raise ValueError("more entries than can be told apart from all of them")
    return found


def _code_of(response: Response) -> int | None:
    """Twilio's own error code; None in the answers of whatever else may stand in between."""
    try:
        return int(json.loads(response.text)["code"])
    except (ValueError, TypeError, KeyError):
        return None


def _parameters(addresses: NumberAddresses) -> dict[str, str]:
    return {
        "voice_url": addresses.voice_url,
        "voice_method": "POST",
        "voice_fallback_url": addresses.fallback_url,
        "voice_fallback_method": "POST",
        "status_callback": addresses.status_url,
        "status_callback_method": "POST",
    }


def _owned(record: Any) -> ProviderNumber:
    return ProviderNumber(
        sid=record.sid,
        phone_number=record.phone_number,
        tag=record.friendly_name or "",
        addresses=NumberAddresses(
            voice_url=record.voice_url or "",
            fallback_url=record.voice_fallback_url or "",
            status_url=record.status_callback or "",
        ),
    )
