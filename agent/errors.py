"""Errors of the agent room.

AgentError
├── AgentUnavailable     no session could be opened
└── AudioFormatError     audio that is not what it claims to be
"""


class AgentError(Exception):
    """The agent failed."""

    code = "agent_error"
    retryable = False

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.__doc__)


class AgentUnavailable(AgentError):
    """The agent cannot be reached."""

    code = "agent_unavailable"
    retryable = True


class AudioFormatError(AgentError):
    """The audio is not in a format that can be read."""

    code = "audio_format"
