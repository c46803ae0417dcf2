"""Errors of the telephony room.

TelephonyError
├── InvalidPhoneNumber       not a number we can work with
├── NumberError
│   ├── AlreadyHasNumber     a number is active, and none is to replace it
│   ├── NoNumber             there is none to release or to set up
│   ├── NoneAvailable        the search found nothing
│   ├── NumberTaken          somebody else was faster
│   ├── NumberNotOffered     not among the provider's available numbers
│   ├── PurchaseInProgress   one purchase at a time
│   └── RateLimited          too often within an hour
├── ProviderError
│   ├── ProviderRefused      a definite no; nothing was bought or changed
│   └── ProviderUnclear      the outcome is unknown
└── FrameError               a media stream frame that is not what Twilio documents
"""


class TelephonyError(Exception):
    """Something about the line went wrong."""

    code = "telephony_error"
    retryable = False

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.__doc__)
        # What the provider said, for the number's history: HTTP status and its own error code.
        self.provider_answer: dict[str, int | None] = {}


class InvalidPhoneNumber(TelephonyError):
    """This is not a phone number; write it with its country code, like +1 415 555 0132."""

    code = "invalid_phone_number"


class NumberError(TelephonyError):
    """The number cannot be used that way."""

    code = "number_error"


class AlreadyHasNumber(NumberError):
    """You already have an active number."""

    code = "already_has_number"


class NoNumber(NumberError):
    """You have no number yet."""

    code = "no_number"


class NoneAvailable(NumberError):
    """No numbers are available there; try another area code."""

    code = "none_available"


class NumberTaken(NumberError):
    """Somebody else took this number a moment ago. Nothing was charged."""

    code = "number_taken"


class NumberNotOffered(NumberError):
    """This number is not for sale. Nothing was charged."""

    code = "number_not_offered"


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


class ProviderError(TelephonyError):
    """The phone provider could not do this."""

    code = "provider_error"


class ProviderRefused(ProviderError):
    """The phone provider refused. Nothing was charged."""

    code = "provider_refused"


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


class FrameError(TelephonyError):
    """A media frame that does not follow the protocol."""

    code = "bad_frame"
