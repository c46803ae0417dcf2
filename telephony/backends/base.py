"""The seam to the phone provider: `TELEPHONY = {"BACKEND": ..., "OPTIONS": ...}`.

Backends speak our dataclasses, never the provider's objects.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

# Twilio's limit for TwiML that stands in a request.
MAX_DOCUMENT_CHARACTERS = 4000
MAX_RING_S = 600


class MachineDetection(StrEnum):
    """Whether the provider tells answering machines from people before it asks for TwiML."""

    OFF = ""
    AT_START = "Enable"
    AT_END = "DetectMessageEnd"  # a machine has said its piece: what comes now is recorded


class NumberType(StrEnum):
    """Which kind of number is looked for."""

    LOCAL = "local"
    TOLL_FREE = "toll_free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """A country that the provider sells numbers of, and which kinds."""

    code: str
    name: str
    number_types: frozenset[NumberType]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A number that could be taken now; nothing is reserved.

    The price is in US dollars, None when the provider names none.
    """

    phone_number: str
    locality: str
    region: str
    country: str
    area_code: str | None
    capabilities: tuple[str, ...]
    monthly_price: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberAddresses:
    """Where the provider sends a number's calls."""

    voice_url: str
    fallback_url: str
    status_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderNumber:
    """A number that the provider says is ours."""

    sid: str
    phone_number: str
    tag: str
    addresses: NumberAddresses


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCall:
    """A call that somebody made to a number of the account and that was answered; it is over."""

    sid: str
    caller: str
    called: str
    forwarded_from: str
    started_at: datetime
    ended_at: datetime
    duration_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRecording:
    """A message after the tone that the provider holds whole."""

    sid: str
    call_sid: str


class TelephonyBackend(ABC):
    """Numbers and calls at one phone provider. Options arrive as keywords."""

    is_simulated: bool
    account: str
    """Whose numbers these are, as the provider names its customers; blank with the simulator."""

    @abstractmethod
    def countries(self) -> tuple[Country, ...]:
        """Where numbers can be had; may be some minutes old. Raises ProviderError."""

    @abstractmethod
    def search_numbers(
        self,
        *,
        country: str,
        area_code: str | None,
        limit: int,
        number_type: NumberType = NumberType.LOCAL,
    ) -> list[Offer]:
        """Numbers for sale, at most `limit`; empty when there are none.

        Raises DocumentsNeeded where all of them ask for an address or papers, and ProviderError.
        """

    @abstractmethod
    def find_offer(self, phone_number: str, *, country: str) -> Offer | None:
        """The offer for exactly this number, None when it is not for sale.

        Raises DocumentsNeeded and ProviderError.
        """

    @abstractmethod
    def purchase_number(
        self, phone_number: str, *, tag: str, addresses: NumberAddresses
    ) -> ProviderNumber:
        """Buy one number; `tag` (at most 64 characters) finds it again after a crash.

        Raises NumberTaken, ProviderRefused (nothing bought) or ProviderUnclear (who knows).
        """

    @abstractmethod
    def release_number(self, sid: str) -> bool:
        """Give a number back; False when this account has no such number. Raises ProviderError."""

    @abstractmethod
    def list_numbers(self) -> list[ProviderNumber]:
        """Every number of the account, ours or not, all of them or none. Raises ProviderError."""

    @abstractmethod
    def update_addresses(self, sid: str, addresses: NumberAddresses) -> None:
        """Send a number's calls elsewhere. Raises ProviderError."""

    @abstractmethod
    def fetch_recording(self, sid: str) -> bytes:
        """The WAV file of what the carrier recorded. Raises ProviderError.

        ProviderUnclear when it is not there yet: right after the callback that is normal.
        """

    @abstractmethod
    def delete_recording(self, sid: str) -> None:
        """Erase what the carrier recorded; what is gone already counts as done.

        Raises ProviderError.
        """

    @abstractmethod
    def list_calls(self, *, since: datetime) -> list[ProviderCall]:
        """Answered calls that came in since then, ours or not, all of them or none.

        Raises ProviderError.
        """

    @abstractmethod
    def list_recordings(self, *, since: datetime) -> list[ProviderRecording]:
        """Messages after the tone since then, ours or not, all or none. Raises ProviderError."""

    @abstractmethod
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
        """Call `to` from a number of ours; the call's SID. `url` answers with its TwiML.

        It rings for 1 to MAX_RING_S seconds; `status_url` hears of every step; with
        `machine_detection` the request to `url` says who answered. Asked for once
        only: raises ProviderRefused (nobody is called) or ProviderUnclear (it may ring already).
        """

    @abstractmethod
    def may_call(self, country: str) -> bool:
        """Whether the account may call ordinary numbers of a country, given by two letters.

        Raises ProviderRefused for what is no country, and other ProviderErrors.
        """

    @abstractmethod
    def redirect_call(self, call_sid: str, *, document: str) -> None:
        """Let a running call go on with other TwiML, 1 to MAX_DOCUMENT_CHARACTERS long.

        Raises CallOver when it has ended, and ProviderError.
        """

    @abstractmethod
    def end_call(self, call_sid: str) -> None:
        """Hang up; a call that is over already counts as done. Raises ProviderError."""

    def check(self) -> list[CheckMessage]:
        """Faults of the configuration, for Django's system checks."""
        return []


@cache
def _build(path: str, options: tuple[tuple[str, Any], ...]) -> TelephonyBackend:
    try:
        backend: TelephonyBackend = import_string(path)(**dict(options))
    except (ImportError, TypeError) as error:
        raise ImproperlyConfigured(f"TELEPHONY names {path}, which fails: {error}") from error
    return backend


def backend_for_call(*, simulated: bool) -> TelephonyBackend:
    """The backend of a call, or number: simulated ones are the mock's whatever the settings say."""
    return _build("telephony.backends.mock.MockBackend", ()) if simulated else get_backend()


def get_backend() -> TelephonyBackend:
    """The backend that the settings name; one instance per process."""
    return _build(settings.TELEPHONY["BACKEND"], tuple(settings.TELEPHONY["OPTIONS"].items()))
