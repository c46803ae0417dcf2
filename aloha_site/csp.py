"""Content Security Policy, in the shape that Django 6 has: SECURE_CSP, nonces on demand.

Moving to Django 6 means changing the middleware's path in the settings and deleting this module.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject, empty

HEADER = "Content-Security-Policy"
SELF: str = "'self'"
NONE: str = "'none'"
NONCE: str = "<CSP_NONCE_SENTINEL>"

Policy = Mapping[str, Sequence[str]]

# Nothing comes from elsewhere, and nothing that merely stands in a page runs.
OWN_ORIGIN_ONLY: Policy = {
    "default-src": [NONE],
    "script-src": [SELF, NONCE],
    "style-src": [SELF, NONCE],
    "img-src": [SELF, "data:"],
    "media-src": [SELF, "blob:"],
    "connect-src": [SELF],
    "font-src": [SELF],
    "manifest-src": [SELF],
    "worker-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}


class ContentSecurityPolicyMiddleware:
    """Sends the policy of SECURE_CSP with every answer that has none of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        nonce = SimpleLazyObject(lambda: secrets.token_urlsafe(16))
        request._csp_nonce = nonce  # type: ignore[attr-defined]  # Django 6's name for it
        response = self.get_response(request)
        if HEADER not in response:
            response[HEADER] = build_policy(settings.SECURE_CSP, nonce=_used(nonce))
        return response


def csp(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `csp_nonce` for the rare script that must stand in a page."""
    return {"csp_nonce": getattr(request, "_csp_nonce", None)}


def build_policy(policy: Policy, *, nonce: str | None = None) -> str:
    """The header's value; NONCE in a directive becomes the nonce, or goes when there is none."""
    directives = []
    for name, sources in policy.items():
        kept = [source for source in sources if nonce or source != NONCE]
        named = [f"'nonce-{nonce}'" if source == NONCE else source for source in kept]
        directives.append(" ".join([name, *named]))
    return "; ".join(directives)


def _used(nonce: Any) -> str | None:
    """The nonce, if the page has asked for it."""
    return None if nonce._wrapped is empty else str(nonce)
