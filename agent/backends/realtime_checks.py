"""What is wrong with the set-up of the Realtime agent, for Django's system checks."""

import ipaddress
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from django.core import checks
from django.core.checks import CheckMessage

from agent.backends.realtime_commands import SessionOptions
from agent.backends.realtime_socket import Address
from agent.backends.realtime_usage import Price

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
        *_address_faults(address),
        *_proxy_passed_by(address),
        *_ending_models(options),
        *_unknown_prices(options, prices),
    ]


def _address_faults(address: Address) -> Iterator[CheckMessage]:
    parts = urlsplit(address.url)
    if parts.scheme not in {"ws", "wss"} or not parts.hostname:
        yield checks.Error(
            f"OPENAI_REALTIME_URL is no address of a socket: {address.url!r}.",
            hint="It is like wss://api.openai.com/v1/realtime.",
            id="agent.E002",
        )
    elif parts.scheme == "ws" and not _is_loopback(parts.hostname):
        yield checks.Error(
            "OPENAI_REALTIME_URL would send the key and the callers' voices unencrypted.",
            hint="Use wss://, or a server on this machine.",
            id="agent.E003",
        )


def _proxy_passed_by(address: Address) -> Iterator[CheckMessage]:
    """A proxy that all else follows: calls would have no agent where it is the only way out."""
    parts = urlsplit(address.url)
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


def _unknown_prices(options: SessionOptions, prices: Sequence[Price]) -> Iterator[CheckMessage]:
    known = {price.model for price in prices}
    for model in (options.model, options.transcription_model):
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
