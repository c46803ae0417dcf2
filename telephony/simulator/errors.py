"""Errors of the simulator.

TelephonyError
└── SimulatorError
    ├── TwimlError           a TwiML document that the carrier refuses
    ├── WebhookError         a webhook that gave no usable answer: the call fails
    │   └── ServerUnreachable    nobody answers at the server's address
    ├── StreamRefused        the media socket's handshake failed
    ├── InvalidStreamMessage a message on the media socket that the carrier ignores
    └── UnknownScript        there is no scripted caller of that name
"""

from telephony.errors import TelephonyError


class SimulatorError(TelephonyError):
    """The simulated call cannot go on."""

    code = "simulator_error"


class TwimlError(SimulatorError):
    """The TwiML document cannot be carried out."""

    code = "12100"


class WebhookError(SimulatorError):
    """The webhook gave no usable answer."""

    code = "11200"


class ServerUnreachable(WebhookError):
    """Nobody answers at the server's address."""

    code = "11205"


class StreamRefused(SimulatorError):
    """The media socket's handshake was refused. `code` is Twilio's."""

    def __init__(self, message: str, *, code: str = "31920") -> None:
        super().__init__(message)
        self.code = code


class InvalidStreamMessage(SimulatorError):
    """The server sent a message that does not belong on a media socket. `code` is Twilio's."""

    def __init__(self, message: str, *, code: str = "31951") -> None:
        super().__init__(message)
        self.code = code


class UnknownScript(SimulatorError):
    """There is no scripted caller of that name."""

    code = "unknown_script"
