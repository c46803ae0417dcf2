"""Which agent speaks, from the variables that `settings.py` has read; and what it costs.

The tables below are settings like any other: prices change, and models end.
"""

from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.core.exceptions import ImproperlyConfigured

from agent.backends.realtime_usage import Price, TranscriptionPrice, VoicePrice

REALTIME_URL = "wss://api.openai.com/v1/realtime"
REALTIME_MODEL = "gpt-realtime-2.1"
TRANSCRIPTION_MODEL = "gpt-transcribe"
TURN_DETECTIONS = ("server_vad", "semantic_vad")
NOISE_REDUCTIONS = ("near_field", "far_field", "none")


def _voice(model: str, audio: tuple[str, str, str], text: tuple[str, str, str]) -> VoicePrice:
    """A million tokens in, in from the cache, and out, of sound and of text."""
    audio_in, audio_cached, audio_out = map(Decimal, audio)
    text_in, text_cached, text_out = map(Decimal, text)
    return VoicePrice(
        model=model,
        audio_in=audio_in,
        audio_cached=audio_cached,
        audio_out=audio_out,
        text_in=text_in,
        text_cached=text_cached,
        text_out=text_out,
    )


# US dollars, as on OpenAI's model pages in November 2026.
PRICES: tuple[Price, ...] = (
    _voice("gpt-realtime-2.1", ("32", "0.40", "64"), ("4", "0.40", "24")),
    _voice("gpt-realtime-2", ("32", "0.40", "64"), ("4", "0.40", "24")),
    _voice("gpt-realtime-2.1-mini", ("10", "0.30", "20"), ("0.60", "0.06", "2.40")),
    _voice("gpt-realtime-1.5", ("32", "0.40", "64"), ("4", "0.40", "16")),
    TranscriptionPrice(model="gpt-transcribe", minute=Decimal("0.0045")),
)


def agent_settings(
    *,
    api_key: str,
    base_url: str,
    realtime_url: str,
    model: str,
    transcription_model: str,
    turn_detection: str,
    noise_reduction: str,
) -> dict[str, Any]:
    """Django's way to name a backend: the Realtime API with a key, the embedded agent without."""
    _check("OPENAI_TURN_DETECTION", turn_detection, TURN_DETECTIONS)
    _check("OPENAI_NOISE_REDUCTION", noise_reduction, NOISE_REDUCTIONS)
    if not api_key:
        return {"BACKEND": "agent.backends.scripted.ScriptedBackend", "OPTIONS": {}}
    return {
        "BACKEND": "agent.backends.openai_realtime.OpenAIRealtimeBackend",
        "OPTIONS": {
            "api_key": api_key,
            "url": realtime_url or _socket_of(base_url) or REALTIME_URL,
            "model": model or REALTIME_MODEL,
            "transcription_model": transcription_model or TRANSCRIPTION_MODEL,
            "turn_detection": turn_detection or TURN_DETECTIONS[0],
            "noise_reduction": noise_reduction or NOISE_REDUCTIONS[0],
            "prices": PRICES,
        },
    }


def _socket_of(base_url: str) -> str:
    """The Realtime socket beside the HTTP API of a gateway; empty without one."""
    if not base_url:
        return ""
    parts = urlsplit(base_url)
    scheme = {"https": "wss", "http": "ws"}.get(parts.scheme)
    if scheme is None or not parts.netloc:
        raise ImproperlyConfigured(
            "OPENAI_BASE_URL must be the address of an API, like https://api.openai.com/v1, "
            f"not {base_url!r}."
        )
    return urlunsplit((scheme, parts.netloc, f"{parts.path.rstrip('/')}/realtime", "", ""))


def _check(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value and value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
