"""The agent room."""

from django.apps import AppConfig


class AgentConfig(AppConfig):
    """The agent room."""

    name = "agent"
