"""What is wrong with the set-up of the Realtime agent, for Django's system checks."""

import ipaddress
from collections.abc import Container, Iterator, Sequence
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from django.core import checks
from django.core.checks import CheckMessage

from agent.backends.realtime_commands import SessionOptions
from agent.backends.realtime_socket import Address
from agent.backends.realtime_usage import Price

REALTIME_EXAMPLE = "wss://api.openai.com/v1/realtime"
ENDING = {
    "gpt-realtime": "2027-01-20",
    "gpt-realtime-2025-08-28": "2027-01-20",
    "gpt-realtime-mini": "2027-01-20",
    "gpt-realtime-mini-2025-10-06": "2027-01-20",
    "gpt-realtime-mini-2025-12-15": "2027-01-20",
    "whisper-1": "2027-02-26",
    "gpt-4o-transcribe": "2027-02-26",
    "gpt-4o-mini-transcribe": "2027-02-26",
    "gpt-4o-transcribe-diarize": "2027-02-26",
}
"""Models that OpenAI shuts down, and when."""
PROXY_KINDS = {"wss": "https", "ws": "http"}
"""Under what name the environment has a proxy for sockets of a scheme."""


def check(address: Address, options: SessionOptions, prices: Sequence[Price]) -> list[CheckMessage]:
    """Everything found."""
    return [
        *address_faults(address.url, variable="OPENAI_REALTIME_URL", example=REALTIME_EXAMPLE),
        *proxy_passed_by(address.url),
        *_ending_models(options),
        *unknown_prices(
            (options.model, options.transcription_model), {price.model for price in prices}
        ),
    ]


def address_faults(url: str, *, variable: str, example: str) -> Iterator[CheckMessage]:
    """What is wrong with the address that a variable names."""
    parts = urlsplit(url)
    if parts.scheme not in {"ws", "wss"} or not parts.hostname:
        yield checks.Error(
            f"{variable} is no address of a socket: {url!r}.",
            hint=f"It is like {example}.",
            id="agent.E002",
        )
    elif parts.scheme == "ws" and not _is_loopback(parts.hostname):
        yield checks.Error(
            f"{variable} would send the key and the callers' voices unencrypted.",
            hint="Use wss://, or a server on this machine.",
            id="agent.E003",
        )


def proxy_passed_by(url: str) -> Iterator[CheckMessage]:
    """A proxy that all else follows: calls would have no agent where it is the only way out."""
    parts = urlsplit(url)
    host, proxies = parts.hostname or "", getproxies()
    followed = [kind for kind in (PROXY_KINDS.get(parts.scheme), "all") if kind in proxies]
    if followed and not _is_loopback(host) and not proxy_bypass(host):
        name = f"{followed[0]}_proxy".upper()
        yield checks.Warning(
            f"{name} is set, and calls go to {host} without it.",
            hint=f"Let this machine reach {host} directly, and name it in NO_PROXY.",
            id="agent.W003",
        )


def _ending_models(options: SessionOptions) -> Iterator[CheckMessage]:
    for model in (options.model, options.transcription_model):
        if model in ENDING:
            yield checks.Warning(
                f"OpenAI shuts {model} down on {ENDING[model]}.",
                hint="Leave OPENAI_REALTIME_MODEL and OPENAI_TRANSCRIPTION_MODEL unset.",
                id="agent.W001",
            )


def unknown_prices(models: Sequence[str], known: Container[str]) -> Iterator[CheckMessage]:
    """Models whose price is not among those that are known."""
    for model in models:
        if model not in known:
            yield checks.Warning(
                f"The price of {model} is not known: what its calls cost is not counted.",
                hint="Add it to the prices in aloha_site/agent_settings.py.",
                id="agent.W002",
            )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
