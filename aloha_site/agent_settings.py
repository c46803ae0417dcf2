"""Which agent speaks, from the variables that `settings.py` has read; and what it costs.

The tables below are settings like any other: prices change, and models end.
"""

from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.core.exceptions import ImproperlyConfigured

from agent.backends.live_usage import LivePrice, MinutePrice, TokenPrice
from agent.backends.realtime_usage import Price, TranscriptionPrice, VoicePrice

REALTIME_URL = "wss://api.openai.com/v1/realtime"
REALTIME_MODEL = "gpt-realtime-2.1"
AGENTS = ("realtime", "live")
LIVE_URL = "wss://api.openai.com/v1/live/sessions"
LIVE_MODEL = "gpt-live-1"
LIVE_TASK_MODEL = "gpt-5.6-luna"
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
# The same; the voice is billed by the second, silence included, the model behind it by its tokens.
LIVE_PRICES: tuple[LivePrice, ...] = (
    MinutePrice(model="gpt-live-1", minute=Decimal("0.05")),
    MinutePrice(model="gpt-live-1.1", minute=Decimal("0.05")),
    TokenPrice(
        model="gpt-5.6-luna",
        tokens_in=Decimal("0.20"),
        tokens_cached=Decimal("0.02"),
        tokens_out=Decimal("1.20"),
    ),
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
    agent: str = "",
    live_url: str = "",
    live_model: str = "",
    live_task_model: str = "",
) -> dict[str, Any]:
    """Django's way to name a backend: one of OpenAI's with a key, the embedded agent without."""
    _check("OPENAI_AGENT", agent, AGENTS)
    _check("OPENAI_TURN_DETECTION", turn_detection, TURN_DETECTIONS)
    _check("OPENAI_NOISE_REDUCTION", noise_reduction, NOISE_REDUCTIONS)
    if not api_key:
        return {"BACKEND": "agent.backends.scripted.ScriptedBackend", "OPTIONS": {}}
    if agent == "live":
        return {
            "BACKEND": "agent.backends.openai_live.OpenAILiveBackend",
            "OPTIONS": {
                "api_key": api_key,
                "url": live_url or _socket_of(base_url, "live/sessions") or LIVE_URL,
                "model": live_model or LIVE_MODEL,
                "task_model": live_task_model or LIVE_TASK_MODEL,
                "prices": LIVE_PRICES,
            },
        }
    return {
        "BACKEND": "agent.backends.openai_realtime.OpenAIRealtimeBackend",
        "OPTIONS": {
            "api_key": api_key,
            "url": realtime_url or _socket_of(base_url, "realtime") or REALTIME_URL,
            "model": model or REALTIME_MODEL,
            "transcription_model": transcription_model or TRANSCRIPTION_MODEL,
            "turn_detection": turn_detection or TURN_DETECTIONS[0],
            "noise_reduction": noise_reduction or NOISE_REDUCTIONS[0],
            "prices": PRICES,
        },
    }


def _socket_of(base_url: str, path: str) -> str:
    """A socket beside the HTTP API of a gateway; empty without one."""
    if not base_url:
        return ""
    parts = urlsplit(base_url)
    scheme = {"https": "wss", "http": "ws"}.get(parts.scheme)
    if scheme is None or not parts.netloc:
        raise ImproperlyConfigured(
            "OPENAI_BASE_URL must be the address of an API, like https://api.openai.com/v1, "
            f"not {base_url!r}."
        )
    return urlunsplit((scheme, parts.netloc, f"{parts.path.rstrip('/')}/{path}", "", ""))


def _check(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value and value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
