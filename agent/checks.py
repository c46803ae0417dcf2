"""System checks of the agent room."""

from typing import Any

from django.core.checks import CheckMessage, register

from agent.backends.base import get_backend


@register
def check_backend(**kwargs: Any) -> list[CheckMessage]:
    """What the backend finds wrong with its own options."""
    return get_backend().check()
