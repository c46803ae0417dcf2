"""Errors of the agent room.

AgentError
├── AgentUnavailable          no session could be opened
├── SessionLost               a session is gone; another may work
│   └── SessionRefused        no session will work, as things are set up
├── RealtimeProtocolError     the agent's server sends what cannot be read
├── ToolRefused               the agent calls a tool it does not have, or wrongly
├── AudioFormatError          audio that is not what it claims to be
├── TranscriptionUnavailable  nobody writes speech down at this moment
├── TranscriptionRefused      speech that nobody will write down
└── ProfileError              a choice that is refused, with its field and why
    └── UnknownVoice          a voice that is not on the list
"""


class AgentError(Exception):
    """The agent failed."""

    code = "agent_error"
    retryable = False

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.__doc__)


class AgentUnavailable(AgentError):
    """The agent cannot be reached."""

    retryable = True

    def __init__(self, message: str = "", *, code: str = "agent_unavailable") -> None:
        super().__init__(message)
        self.code = code


class SessionLost(AgentError):
    """The agent's session is gone."""

    retryable = True

    def __init__(self, code: str, message: str = "") -> None:
        super().__init__(message or f"The agent's session is gone: {code}.")
        self.code = code


class SessionRefused(SessionLost):
    """The agent's server refuses every session."""

    retryable = False


class AudioFormatError(AgentError):
    """The audio is not in a format that can be read."""

    code = "audio_format"


class RealtimeProtocolError(AgentError):
    """The agent's server sent something that cannot be read."""

    code = "protocol"
    retryable = True


class ToolRefused(AgentError):
    """This is not something the agent may do."""

    code = "tool_refused"


class TranscriptionUnavailable(AgentError):
    """The speech cannot be written down at this moment."""

    code = "transcription_unavailable"
    retryable = True


class TranscriptionRefused(AgentError):
    """The speech cannot be written down."""

    code = "transcription_refused"


class ProfileError(AgentError):
    """This choice is not possible."""

    def __init__(self, field: str, code: str, message: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.code = code


class UnknownVoice(ProfileError):
    """This voice is not on the list; choose one of the voices offered."""

    def __init__(self) -> None:
        super().__init__("voice", "unknown_voice")
