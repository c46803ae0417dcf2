"""OpenAI's HTTP API as this installation is set up: one client for whoever asks it something."""

from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    from openai import OpenAI


def is_configured() -> bool:
    """There is a key to ask with; `none` is what one writes for a stand-in of the Realtime API."""
    return settings.OPENAI_API_KEY not in {"", "none"}


def client(*, timeout_s: float) -> "OpenAI":
    """A client that asks once and never again by itself; to be closed by who asked for it."""
    # Here, because its import costs every other command half a second.
    import openai

    return openai.OpenAI(
        api_key=settings.OPENAI_API_KEY,
        base_url=settings.OPENAI_BASE_URL or None,
        timeout=timeout_s,
        max_retries=0,
    )
