"""The agent room."""

from django.apps import AppConfig


class AgentConfig(AppConfig):
    """The agent room."""

    name = "agent"

    def ready(self) -> None:
        """Register the system checks."""
        from agent import checks  # noqa: F401
