"""What Twilio's refusals mean: its error codes, our errors, and words for the owner.

Source: Twilio's error dictionary. A code that is not in the table is judged by its HTTP status.
"""

from http import HTTPStatus

from telephony.errors import (
    AccountSuspended,
    AreaWithoutNumbers,
    CallOver,
    CountryNotAllowed,
    CredentialsRefused,
    DocumentsNeeded,
    NotCallable,
    NumberTaken,
    ProviderBusy,
    ProviderRefused,
    ProviderUnclear,
    TelephonyError,
    TrialLimit,
)

MAX_RETRY_AFTER_S = 3600


class NotFound(ProviderRefused):
    """The phone provider does not know this. Nothing was charged."""


# A sentence stands where the error's own would not tell the reader what to do.
REFUSALS: dict[int, tuple[type[TelephonyError], str]] = {
    10001: (AccountSuspended, ""),
    10002: (TrialLimit, ""),
    10004: (ProviderBusy, "Too many calls are running at once; try again when one has ended."),
    20003: (CredentialsRefused, ""),
    20005: (AccountSuspended, ""),
    20008: (
        CredentialsRefused,
        "The phone service runs on test credentials, which cannot do this.",
    ),
    20404: (NotFound, ""),
    20429: (ProviderBusy, ""),
    21210: (ProviderRefused, "The phone provider does not let us call from this number."),
    21211: (NotCallable, "This is not a valid phone number; check it."),
    21214: (NotCallable, "This number cannot be reached."),
    21215: (CountryNotAllowed, ""),
    21216: (NotCallable, "The phone provider blocks calls to this number."),
    21217: (NotCallable, "This does not look like a valid phone number; check it."),
    21219: (TrialLimit, "On its trial account the phone service calls confirmed numbers only."),
    21220: (CallOver, ""),
    21404: (TrialLimit, "On its trial account the phone service cannot take another number."),
    21421: (ProviderRefused, "This is not a valid phone number; choose another one."),
    21422: (NumberTaken, ""),
    21451: (AreaWithoutNumbers, "There is no such area code; try another one."),
    21452: (AreaWithoutNumbers, ""),
    21613: (DocumentsNeeded, "This number needs an address there and cannot be taken here."),
    21615: (DocumentsNeeded, "This number needs a local address and cannot be taken here."),
    21631: (DocumentsNeeded, "This number needs an address and cannot be taken here."),
    21649: (DocumentsNeeded, "This number needs approved documents and cannot be taken here."),
    21650: (DocumentsNeeded, "This number needs an identity document and cannot be taken here."),
    21651: (DocumentsNeeded, "This number needs other identity documents than there are."),
} | dict.fromkeys(
    (21201, 21202, 21203, 21204, 21205, 21212, 21213),
    (ProviderRefused, "We asked the phone provider wrongly; that is a fault of ours."),
)
# Whoever runs the installation must act, or nobody's calls and numbers work.
FOR_THE_OPERATOR = (CredentialsRefused, AccountSuspended, TrialLimit)


def error_for(*, status: int, code: int | None, retry_after: str | None = None) -> TelephonyError:
    """What a refusal means; a server error says nothing about what was done, whatever its code.

    Neither does a gateway's own time-out. `retry_after` is the header of that name.
    """
    if not 400 <= status < 500 or status == HTTPStatus.REQUEST_TIMEOUT:
        error: TelephonyError = ProviderUnclear()
    elif code in REFUSALS:
        kind, sentence = REFUSALS[code]
        error = kind(sentence)
    elif status == HTTPStatus.NOT_FOUND:
        error = NotFound()
    elif status == HTTPStatus.TOO_MANY_REQUESTS:
        error = ProviderBusy()
    else:
        error = ProviderRefused()
    if isinstance(error, ProviderBusy):
        error.retry_after_s = _seconds(retry_after) or error.retry_after_s
    error.provider_answer = {"status": status, "code": code}
    return error


def _seconds(header: str | None) -> int | None:
    """A Retry-After of whole seconds within bounds; dates and anything else say nothing."""
    if header is None or not (header.isascii() and header.isdigit()):
        return None
    return min(int(header[:9]), MAX_RETRY_AFTER_S)
