"""Errors of the voicemail room.

VoicemailError
├── SettingsError        a setting that is refused, with its field and why
├── CheckError           forwarding cannot be tested now
│   ├── NothingToCheck   it is not switched on, or there is no phone
│   └── CheckRunning     one test at a time
├── SummaryUnavailable   the model that summarises gave no answer to use
├── MailNotSent          the mail server did not take an e-mail; it is tried again
│   ├── MailServerAway   it could not be reached: other e-mails would fare no better
│   └── MailRefused      it says that it never will
│       └── AddressRefused   it knows no such address
└── NotYetErased         something has to end before an owner can be erased
"""


class VoicemailError(Exception):
    """Something about the voicemail went wrong."""

    code = "voicemail_error"
    retryable = False

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.__doc__)


class SettingsError(VoicemailError):
    """This setting is not possible."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.code = code


class SummaryUnavailable(VoicemailError):
    """The summary model gave no answer."""

    code = "summary_unavailable"
    retryable = True


class MailNotSent(VoicemailError):
    """The mail server did not take the e-mail."""

    code = "mail_not_sent"
    retryable = True


class MailServerAway(MailNotSent):
    """The mail server was not reached."""

    code = "mail_server_away"


class MailRefused(MailNotSent):
    """The mail server takes this e-mail neither now nor later."""

    code = "mail_refused"


class AddressRefused(MailRefused):
    """The mail server takes nothing for this address."""

    code = "address_refused"


class NotYetErased(VoicemailError):
    """Something has to end first."""

    code = "not_yet_erased"
    retryable = True


class CheckError(VoicemailError):
    """Forwarding cannot be tested now."""

    code = "check_error"


class NothingToCheck(CheckError):
    """Switch voicemail and call forwarding on, and give the number of your own phone first."""

    code = "nothing_to_check"


class CheckRunning(CheckError):
    """A test is running already; let your phone ring."""

    code = "check_running"
