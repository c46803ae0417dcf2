"""Numbers that cost nothing and exist only here: the backend without credentials.

As strict as a real provider. Which numbers are sold is read from our own live rows, so the
mock holds nothing that could contradict the database, and it never touches the network.
"""

import hashlib
import logging
import re
import uuid
from datetime import datetime
from decimal import Decimal
from itertools import islice
from urllib.parse import urlsplit

import phonenumbers
from django.conf import settings

from accounts.row_security import service_scope
from telephony.area_codes import area_code_of
from telephony.backends.base import (
    MAX_DOCUMENT_CHARACTERS,
    MAX_RING_S,
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
from telephony.backends.fictional_numbers import (
    COUNTRIES,
    COUNTRY_NAMES,
    TOLL_FREE_NUMBERS,
    numbers_for,
    place_of,
)
from telephony.errors import (
    CallOver,
    InvalidPhoneNumber,
    NotCallable,
    NumberTaken,
    ProviderRefused,
    ProviderUnclear,
)
from telephony.models import (
    LIVE_STATUSES,
    Call,
    CallStatus,
    Direction,
    SimulatedOrder,
    UserPhoneNumber,
)
from telephony.number_setup import carrier_addresses, tag_of
from telephony.phone_numbers import is_of_country, masked, normalise

logger = logging.getLogger(__name__)

SIMULATED_SID = "SIMULATED_SID_"
SIMULATED_CALL = "SIMULATED_CALL_"
TAG_MAX_LENGTH = 64

# What Twilio's test credentials answer for its magic numbers.
MAGIC_TAKEN = "+15005550000"
MAGIC_INVALID = "+15005550001"

_SID = re.compile(rf"{SIMULATED_SID}[0-9a-f]{{32}}")
_CALL_SID = re.compile(rf"{SIMULATED_CALL}[0-9a-f]{{32}}")
_RECORDING_SID = re.compile(r"SIMULATED_RECORDING_[0-9a-f]{32}")
_MIN_OFFERS, _MAX_OFFERS = 5, 10


class MockBackend(TelephonyBackend):
    """Sells simulated numbers that only the simulator can call."""

    is_simulated = True
    account = ""

    def countries(self) -> tuple[Country, ...]:
        """Those whose number plans keep numbers free for fiction."""
        return tuple(
            Country(
                code=code,
                name=name,
                number_types=frozenset(
                    {NumberType.LOCAL, NumberType.TOLL_FREE}
                    if code in TOLL_FREE_NUMBERS
                    else {NumberType.LOCAL}
                ),
            )
            for code, name in COUNTRY_NAMES.items()
        )

    def search_numbers(
        self,
        *,
        country: str,
        area_code: str | None,
        limit: int,
        number_type: NumberType = NumberType.LOCAL,
    ) -> list[Offer]:
        """Five to ten numbers that belong to nobody, the same ones for the same question."""
        live = _live_numbers()
        fictional = (
            numbers_for(country, area_code)
            if number_type == NumberType.LOCAL
            else iter(TOLL_FREE_NUMBERS.get(country, ()))
        )
        free = (number for number in fictional if number not in live)
        count = min(limit, _offer_count(country, area_code))
        return [_offer(number, country=country) for number in islice(free, count)]

    def find_offer(self, phone_number: str, *, country: str) -> Offer | None:
        """Any possible number of the countries served, unless it is sold already."""
        if not _sells(phone_number, country=country) or _is_sold(phone_number):
            return None
        return _offer(phone_number, country=country)

    def purchase_number(
        self, phone_number: str, *, tag: str, addresses: NumberAddresses
    ) -> ProviderNumber:
        """Sell a number under a fresh simulated SID."""
        if phone_number == MAGIC_INVALID or not any(
            _sells(phone_number, country=country) for country in COUNTRIES
        ):
            raise ProviderRefused("The phone provider says that this is not a valid number.")
        if not 1 <= len(tag) <= TAG_MAX_LENGTH:
            raise ProviderRefused(f"The name of a number has 1 to {TAG_MAX_LENGTH} characters.")
        if phone_number == MAGIC_TAKEN or _is_sold(phone_number):
            raise NumberTaken
        return ProviderNumber(
            sid=f"{SIMULATED_SID}{uuid.uuid4().hex}",
            phone_number=phone_number,
            tag=tag,
            addresses=addresses,
        )

    def release_number(self, sid: str) -> bool:
        """Nothing to give back; a SID that this backend cannot have made is refused."""
        if not _SID.fullmatch(sid):
            raise ProviderRefused("This is not the SID of a simulated number.")
        return True

    def list_numbers(self) -> list[ProviderNumber]:
        """Our own live rows that have a simulated SID; their addresses cannot drift."""
        live = UserPhoneNumber.objects.filter(status__in=LIVE_STATUSES)
        with service_scope():
            rows = list(live.filter(twilio_phone_sid__startswith=SIMULATED_SID))
        return [
            ProviderNumber(
                sid=row.twilio_phone_sid,
                phone_number=row.phone_number,
                tag=tag_of(row),
                addresses=carrier_addresses(),
            )
            for row in rows
        ]

    def update_addresses(self, sid: str, addresses: NumberAddresses) -> None:
        """Only the simulator calls these numbers, and it asks PUBLIC_BASE_URL."""
        if not _SID.fullmatch(sid):
            raise ProviderRefused("This is not the SID of a simulated number.")

    def fetch_recording(self, sid: str) -> bytes:
        """What the simulator recorded; it keeps its recordings under the var directory."""
        if not _RECORDING_SID.fullmatch(sid):
            raise ProviderRefused("This is not the SID of a simulated recording.")
        for path in (settings.VAR_DIR / "calls").glob(f"*/{sid}.wav"):
            content: bytes = path.read_bytes()
            return content
        raise ProviderUnclear

    def delete_recording(self, sid: str) -> None:
        """Remove the simulator's file."""
        if not _RECORDING_SID.fullmatch(sid):
            raise ProviderRefused("This is not the SID of a simulated recording.")
        for path in (settings.VAR_DIR / "calls").glob(f"*/{sid}.wav"):
            path.unlink(missing_ok=True)

    def list_calls(self, *, since: datetime) -> list[ProviderCall]:
        """Our own rows of simulated calls: nobody else knows of any."""
        answered = Call.objects.filter(
            simulated=True,
            direction=Direction.INBOUND,
            status=CallStatus.COMPLETED,
            started_at__gte=since,
            ended_at__isnull=False,
        )
        with service_scope():
            return [
                ProviderCall(
                    sid=str(row.call_sid),
                    caller=row.from_number,
                    called=row.to_number,
                    forwarded_from=row.forwarded_from,
                    started_at=row.started_at,
                    ended_at=row.ended_at or row.started_at,
                    duration_s=row.duration_s or 0,
                )
                for row in answered
            ]

    def list_recordings(self, *, since: datetime) -> list[ProviderRecording]:
        """What the simulator recorded since then, each in the folder of its call."""
        return [
            ProviderRecording(sid=path.stem, call_sid=path.parent.name)
            for path in (settings.VAR_DIR / "calls").glob("*/SIMULATED_RECORDING_*.wav")
            if path.stat().st_mtime >= since.timestamp()
        ]

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
        """A fresh simulated SID, and a line in the log; `dialling` leaves the call to a worker."""
        if not _is_callable(to):
            raise NotCallable
        if not from_ or not (_is_sold(from_) or from_ == settings.FORWARDING_CHECK_NUMBER):
            raise ProviderRefused("The phone provider does not let us call from this number.")
        if not (_is_address(url) and _is_address(status_url)):
            raise ProviderRefused("A call needs addresses that begin with http:// or https://.")
        if not 1 <= ring_seconds <= MAX_RING_S:
            raise ProviderRefused(f"A call rings for 1 to {MAX_RING_S} seconds.")
        sid = f"{SIMULATED_CALL}{uuid.uuid4().hex}"
        logger.info("simulated call placed", extra={"call_sid": sid, "to": masked(to)})
        return sid

    def may_call(self, country: str) -> bool:
        """Simulated calls go to every country."""
        if country not in phonenumbers.SUPPORTED_REGIONS:
            raise ProviderRefused("This is no country.")
        return True

    def redirect_call(self, call_sid: str, *, document: str) -> None:
        """Keep the order as a row, for whoever plays the call."""
        if not 1 <= len(document) <= MAX_DOCUMENT_CHARACTERS:
            raise ProviderRefused(f"TwiML has 1 to {MAX_DOCUMENT_CHARACTERS} characters here.")
        if _is_over(call_sid):
            raise CallOver
        SimulatedOrder.objects.create(
            call_sid=call_sid, kind=SimulatedOrder.Kind.REDIRECT, document=document
        )

    def end_call(self, call_sid: str) -> None:
        """Keep the order as a row, unless the call is over."""
        if not _is_over(call_sid):
            SimulatedOrder.objects.create(call_sid=call_sid, kind=SimulatedOrder.Kind.END)


def _offer_count(country: str, area_code: str | None) -> int:
    digest = hashlib.sha256(f"{country}:{area_code}".encode()).digest()
    return _MIN_OFFERS + digest[0] % (_MAX_OFFERS - _MIN_OFFERS + 1)


def _offer(phone_number: str, *, country: str) -> Offer:
    locality, region = place_of(phone_number, country=country)
    return Offer(
        phone_number=phone_number,
        locality=locality,
        region=region,
        country=country,
        area_code=area_code_of(phone_number, country=country),
        capabilities=("voice",),
        monthly_price=Decimal("0.00"),
    )


def _sells(phone_number: str, *, country: str) -> bool:
    """Whether this is E.164, long enough for the country, and nobody else's by the number plan."""
    try:
        number = phonenumbers.parse(phone_number)
    except phonenumbers.NumberParseException:
        return False
    return (
        country in COUNTRIES
        and phone_number == phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        and number.country_code == phonenumbers.country_code_for_region(country)
        and phonenumbers.is_possible_number(number)
        and is_of_country(phone_number, country)
    )


def _is_over(call_sid: str) -> bool:
    """Whether a simulated call has ended; raises ProviderRefused for any other SID."""
    if not _CALL_SID.fullmatch(call_sid):
        raise ProviderRefused("This is not the SID of a simulated call.")
    with service_scope():
        return Call.objects.filter(call_sid=call_sid).final().exists()


def _is_callable(phone_number: str) -> bool:
    try:
        return normalise(phone_number) == phone_number
    except InvalidPhoneNumber:
        return False


def _is_address(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _live_numbers() -> set[str]:
    live = UserPhoneNumber.objects.filter(status__in=LIVE_STATUSES)
    with service_scope():
        return set(live.values_list("phone_number", flat=True))


def _is_sold(phone_number: str) -> bool:
    # A row without a SID is a purchase that is under way, perhaps the one being made now.
    live = UserPhoneNumber.objects.filter(phone_number=phone_number, status__in=LIVE_STATUSES)
    with service_scope():
        return live.exclude(twilio_phone_sid="").exists()
