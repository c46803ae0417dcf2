"""Signing and checking the carrier's requests as Twilio does: HMAC-SHA1, keyed by the auth token.

The signed address is built from PUBLIC_BASE_URL alone. In mock mode the key is derived from
SECRET_KEY and the simulator signs with it, so no mode is open.
"""

import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from twilio.request_validator import RequestValidator


def public_url(path: str) -> str:
    """The address the carrier uses for one of our HTTP paths (query included)."""
    return f"{settings.PUBLIC_BASE_URL}{path}"


def public_socket_url(path: str) -> str:
    """The address the carrier uses for one of our socket paths: wss behind https, ws on http."""
    return f"ws{public_url(path).removeprefix('http')}"


def sign(url: str, params: Mapping[str, Any], *, key: str | None = None) -> str:
    """The signature of a request to `url`; without `key`, by the newest key of the settings."""
    signature: str = RequestValidator(key or settings.CARRIER_SIGNING_KEYS[0]).compute_signature(
        url, params
    )
    return signature


def is_authentic(url: str, params: Mapping[str, Any], signature: str) -> bool:
    """Whether any of our keys made `signature` over `url` and all of `params`.

    Accepts the address with and without its default port; never raises, whatever comes in.
    `params` may be a QueryDict: repeated fields count.
    """
    try:
        given = signature.encode("ascii")
    except UnicodeEncodeError:
        return False
    return any(
        hmac.compare_digest(sign(candidate, params, key=key).encode("ascii"), given)
        for key in settings.CARRIER_SIGNING_KEYS
        if key
        for candidate in _spellings(url)
    )


def _spellings(url: str) -> tuple[str, ...]:
    parts = urlsplit(url)
    if parts.port is not None:
        return (url,)
    port = 443 if parts.scheme in {"https", "wss"} else 80
    return url, parts._replace(netloc=f"{parts.netloc}:{port}").geturl()
