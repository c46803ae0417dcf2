"""Errors of the telephony room.

TelephonyError
├── InvalidPhoneNumber       not a number we can work with
├── BadCursor                not a place in a list
├── BadSearch                nothing that could be part of a number
├── NumberError
│   ├── AlreadyHasNumber     a number is active, and none is to replace it
│   ├── AccountClosed        whoever closed her account buys nothing
│   ├── HasLiveNumber        an owner whose number is live cannot be deleted
│   ├── NoNumber             there is none to release or to set up
│   ├── NoneAvailable        the search found nothing
│   ├── NumberTaken          somebody else was faster
│   ├── NumberNotOffered     not among the provider's available numbers
│   ├── PriceAboveCap        dearer than this installation allows, or of unknown price
│   ├── PurchaseInProgress   one purchase at a time
│   ├── RateLimited          too often within an hour
│   └── IdempotencyKeyReused one key for two different purchases
├── ProviderError
│   ├── ProviderRefused      a definite no; nothing was bought or changed
│   │   ├── CredentialsRefused   the installation's credentials are wrong or too narrow
│   │   ├── AccountSuspended     the installation's account is closed or out of funds
│   │   ├── TrialLimit           a trial account cannot do this
│   │   ├── ProviderBusy         too many requests or calls just now
│   │   ├── DocumentsNeeded      this number needs an address or identity papers
│   │   ├── AreaWithoutNumbers   no such area code, or nothing for sale there
│   │   ├── CountryNotAllowed    the installation may not call that country
│   │   ├── NotCallable          that number cannot be called
│   │   └── CallOver             the call has ended already
│   └── ProviderUnclear      the outcome is unknown
├── BadCarrierRequest        a field of the carrier's request cannot be read
├── SpoolError
│   ├── SpoolFull            as many of the carrier's requests are kept as may be
│   └── TornRequest          a kept request was not written to its end
└── FrameError               a media stream frame that is not what Twilio documents
"""


class TelephonyError(Exception):
    """Something about the line went wrong."""

    code = "telephony_error"
    retryable = False
    # What was asked for that could not be had, by our own name of the field; blank for the rest.
    field = ""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.__doc__)
        # What the provider said, for the number's history: HTTP status and its own error code.
        self.provider_answer: dict[str, int | None] = {}


class InvalidPhoneNumber(TelephonyError):
    """This is not a phone number; write it with its country code, like +1 415 555 0132."""

    code = "invalid_phone_number"


class BadCursor(TelephonyError):
    """This is no place in the list; start with the newest page."""

    code = "invalid_cursor"


class BadSearch(TelephonyError):
    """Type at least three digits of a number, or “withheld” for calls that show none."""

    code = "invalid_search"


class NumberError(TelephonyError):
    """The number cannot be used that way."""

    code = "number_error"


class AlreadyHasNumber(NumberError):
    """You already have an active number."""

    code = "already_has_number"


class AccountClosed(NumberError):
    """This account is closed. Nothing was charged."""

    code = "account_closed"


class HasLiveNumber(NumberError):
    """This owner has a live number; release it before the account is deleted."""

    code = "has_live_number"


class NoNumber(NumberError):
    """You have no number yet."""

    code = "no_number"


class NoneAvailable(NumberError):
    """No numbers are available there; try another area code."""

    code = "none_available"


class NumberTaken(NumberError):
    """Somebody else took this number a moment ago. Nothing was charged."""

    code = "number_taken"
    field = "phone_number"


class NumberNotOffered(NumberError):
    """This number is not for sale. Nothing was charged."""

    code = "number_not_offered"
    field = "phone_number"


class PriceAboveCap(NumberError):
    """This number costs more than this installation allows. Nothing was charged."""

    code = "price_above_cap"
    field = "phone_number"


class PurchaseInProgress(NumberError):
    """A purchase of yours is still being confirmed; that takes up to ten minutes."""

    code = "purchase_in_progress"
    retryable = True


class RateLimited(NumberError):
    """That was often within one hour; it goes on in `retry_after_s` seconds."""

    code = "rate_limited"
    retryable = True

    def __init__(self, *, retry_after_s: int) -> None:
        minutes = -(-retry_after_s // 60)
        super().__init__(
            "You have done this often within the hour. Nothing was charged; try again in "
            f"{minutes} minute{'' if minutes == 1 else 's'}."
        )
        self.retry_after_s = retry_after_s


class IdempotencyKeyReused(NumberError):
    """This Idempotency-Key came with another purchase before; send a new one."""

    code = "idempotency_key_reused"


class ProviderError(TelephonyError):
    """The phone provider could not do this."""

    code = "provider_error"


class ProviderRefused(ProviderError):
    """The phone provider refused. Nothing was charged."""

    code = "provider_refused"


class CredentialsRefused(ProviderRefused):
    """The phone service is not set up correctly; its operator has to look. Nothing was charged."""

    code = "provider_credentials"


class AccountSuspended(ProviderRefused):
    """The phone service is out of order; its operator has to look. Nothing was charged."""

    code = "provider_suspended"


class TrialLimit(ProviderRefused):
    """The phone service runs on a trial account, which cannot do this. Nothing was charged."""

    code = "provider_trial_limit"


class ProviderBusy(ProviderRefused):
    """The phone provider is busy. Nothing was charged; try again in a moment."""

    code = "provider_busy"
    retryable = True
    # Seconds; the provider's own figure where it gives one.
    retry_after_s = 5


class DocumentsNeeded(ProviderRefused):
    """This number needs documents and cannot be taken here. Nothing was charged."""

    code = "documents_needed"
    field = "phone_number"


class AreaWithoutNumbers(ProviderRefused):
    """No numbers are available there; try another area code. Nothing was charged."""

    code = "none_available"


class CountryNotAllowed(ProviderRefused):
    """The phone service may not call this country; its operator can allow it."""

    code = "country_not_allowed"


class NotCallable(ProviderRefused):
    """This number cannot be called; check it."""

    code = "not_callable"


class CallOver(ProviderRefused):
    """This call is over already."""

    code = "call_over"


class ProviderUnclear(ProviderError):
    """The phone provider did not answer clearly. Try again in a minute."""

    code = "provider_unclear"
    retryable = True


class BadCarrierRequest(TelephonyError):
    """A field of the carrier's request cannot be read."""

    code = "bad_carrier_request"

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} cannot be read.")
        self.field = field


class SpoolError(TelephonyError):
    """The carrier's requests cannot be kept or read again."""

    code = "spool_error"


class SpoolFull(SpoolError):
    """As many of the carrier's requests wait as may be kept; the worker has to replay them."""

    code = "spool_full"


class TornRequest(SpoolError):
    """A kept request is not whole."""

    code = "torn_request"


class FrameError(TelephonyError):
    """A media frame that does not follow the protocol."""

    code = "bad_frame"
