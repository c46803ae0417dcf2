"""The seam between Aloha and whoever speaks for it: `AGENT = {"BACKEND": ..., "OPTIONS": ...}`."""

import logging
from abc import ABC, abstractmethod
from functools import cache
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from agent.brief import CallBrief
from agent.session import AgentSession
from agent.voices import Voice

logger = logging.getLogger(__name__)


class AgentBackend(ABC):
    """Opens sessions with one kind of agent. Options arrive as keywords."""

    name: str
    can_speak_freely: bool = True
    """False when only checked-in sentences can be spoken, whatever the owner wrote."""

    @abstractmethod
    async def open_session(self, brief: CallBrief) -> AgentSession:
        """Open a session for one call. Raises AgentUnavailable."""

    @abstractmethod
    def voices(self) -> tuple[Voice, ...]:
        """The voices that owners may choose from, the default first."""

    def voice_of(self, brief: CallBrief) -> str:
        """The voice that the owner chose, or the default for one that is not offered any more."""
        names = [voice.name for voice in self.voices()]
        if brief.voice in names:
            return brief.voice
        logger.warning("voice not offered, the first one speaks", extra={"voice": brief.voice})
        return names[0]

    def check(self) -> list[CheckMessage]:
        """Faults of the configuration, for Django's system checks."""
        return []


@cache
def _build(path: str, options: tuple[tuple[str, Any], ...]) -> AgentBackend:
    try:
        backend: AgentBackend = import_string(path)(**dict(options))
    except (ImportError, TypeError) as error:
        raise ImproperlyConfigured(f"AGENT names {path}, which fails: {error}") from error
    return backend


def get_backend() -> AgentBackend:
    """The agent backend that the settings name; one instance per process."""
    return _build(settings.AGENT["BACKEND"], tuple(settings.AGENT["OPTIONS"].items()))
