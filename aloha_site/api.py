"""The API's frame: who is asking, and how every refusal is worded (problem+json, RFC 9457).

HTTP statuses are chosen here and nowhere else: the rooms raise errors that say what happened.
"""
# mypy: disallow-subclassing-any=False

import logging
import math
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.template import loader
from django.views.defaults import page_not_found
from rest_framework import authentication, exceptions
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts.database_faults import PASSES
from agent.errors import ProfileError
from aloha_site.json_bodies import refuse_other_bodies
from telephony.api_errors import NoActiveNumber, NotBought
from telephony.errors import (
    CountryNotAllowed,
    IdempotencyKeyReused,
    InvalidPhoneNumber,
    NoneAvailable,
    NoNumber,
    NotCallable,
    NumberError,
    NumberNotOffered,
    PriceAboveCap,
    ProviderBusy,
    ProviderError,
    ProviderUnclear,
    RateLimited,
)
from telephony.outbound_errors import (
    CallRefused,
    CampaignNameTaken,
    CampaignNotFound,
    NotReadyToCall,
)
from voicemail.errors import SettingsError

logger = logging.getLogger(__name__)

# An error that is not listed answers as its nearest listed ancestor.
STATUSES: dict[type[BaseException], HTTPStatus] = {
    InvalidPhoneNumber: HTTPStatus.BAD_REQUEST,
    SettingsError: HTTPStatus.BAD_REQUEST,
    ProfileError: HTTPStatus.BAD_REQUEST,
    NoneAvailable: HTTPStatus.NOT_FOUND,
    NoNumber: HTTPStatus.NOT_FOUND,
    NoActiveNumber: HTTPStatus.CONFLICT,
    NumberError: HTTPStatus.CONFLICT,
    IdempotencyKeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    RateLimited: HTTPStatus.TOO_MANY_REQUESTS,
    NumberNotOffered: HTTPStatus.UNPROCESSABLE_ENTITY,
    PriceAboveCap: HTTPStatus.UNPROCESSABLE_ENTITY,
    ProviderError: HTTPStatus.BAD_GATEWAY,
    ProviderBusy: HTTPStatus.SERVICE_UNAVAILABLE,
    ProviderUnclear: HTTPStatus.SERVICE_UNAVAILABLE,
    NotCallable: HTTPStatus.UNPROCESSABLE_ENTITY,
    CountryNotAllowed: HTTPStatus.UNPROCESSABLE_ENTITY,
    CallRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotReadyToCall: HTTPStatus.CONFLICT,
    CampaignNotFound: HTTPStatus.NOT_FOUND,
    CampaignNameTaken: HTTPStatus.CONFLICT,
}
RETRY_AFTER_S = 5
CSRF_HEADER = "X-CSRFToken"
# A body of a thousand wrong fields is not answered with a thousand sentences.
MAX_FIELD_ERRORS = 20
MAX_FIELD_NAME = 64


class SessionAuthentication(authentication.SessionAuthentication):
    """The owner's browser session; whoever has none gets 401."""

    def authenticate_header(self, request: Request) -> str:
        """Without a challenge the framework would answer 403 instead of 401."""
        return 'Session realm="Aloha"'

    def enforce_csrf(self, request: Request) -> None:
        """The token comes in its header: a form is never read, whatever stands in it."""
        if request.method not in SAFE_METHODS and CSRF_HEADER not in request.headers:
            raise exceptions.PermissionDenied(
                f"Send the CSRF token in the {CSRF_HEADER} header.", code="csrf_failed"
            )
        refuse_other_bodies(request)
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied as refusal:
            raise exceptions.PermissionDenied(str(refusal.detail), code="csrf_failed") from refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What a problem+json answer tells."""

    status: int
    code: str
    detail: str
    errors: list[dict[str, str]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    members: dict[str, Any] = field(default_factory=dict)


DATABASE_AWAY = Refusal(
    status=HTTPStatus.SERVICE_UNAVAILABLE,
    code="unavailable",
    detail="The database does not answer. Try again in a moment.",
    headers={"Retry-After": str(RETRY_AFTER_S)},
)
FAULT = Refusal(
    status=HTTPStatus.INTERNAL_SERVER_ERROR,
    code="fault",
    detail="Something went wrong on our side. It has been written down.",
)


def problem(error: Exception, context: dict[str, Any]) -> JsonResponse | None:
    """The answer to a refused request; None for a fault of ours, which goes on as it is."""
    refusal = _refusal(error)
    return None if refusal is None else _worded(refusal)


def _worded(refusal: Refusal) -> JsonResponse:
    request_id = uuid.uuid4()
    logger.info(
        "api refused",
        extra={"request_id": str(request_id), "status": int(refusal.status), "code": refusal.code},
    )
    return JsonResponse(
        {
            "type": f"/problems/{refusal.code}",
            "title": refusal.code.replace("_", " ").capitalize(),
            "status": refusal.status,
            "detail": refusal.detail,
            "instance": request_id.urn,
            "code": refusal.code,
            "errors": refusal.errors,
        }
        | refusal.members,
        status=refusal.status,
        headers=refusal.headers,
        content_type="application/problem+json",
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The answer where no view is: a problem for scripts, a page for people."""
    refused = problem(Http404(), {}) if request.path.startswith("/api/") else None
    return refused or page_not_found(request, exception)


def fault(request: HttpRequest) -> HttpResponse:
    """The answer to a fault of ours, and while the database takes nothing: ask again soon.

    Called where the error is being handled.
    """
    is_away = isinstance(sys.exc_info()[1], PASSES)
    refusal = DATABASE_AWAY if is_away else FAULT
    if request.path.startswith("/api/"):
        return _worded(refusal)
    page = loader.get_template(f"{refusal.status:d}.html").render()
    return HttpResponse(page, status=refusal.status, headers=refusal.headers)


def _refusal(error: Exception) -> Refusal | None:
    match error:
        case RequestDataTooBig():
            return Refusal(
                status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                code="body_too_large",
                detail="The body is larger than 64 KiB.",
            )
        case SuspiciousOperation() | BadRequest() | MultiPartParserError() | UnreadablePostError():
            return Refusal(
                status=HTTPStatus.BAD_REQUEST,
                code="bad_request",
                detail="The request cannot be read.",
            )
        case exceptions.ValidationError():
            return _refused_fields(error)
        case exceptions.APIException():
            return _refused_by_framework(error)
        case Http404():
            return _refused_by_framework(exceptions.NotFound())
        case DjangoPermissionDenied():
            return _refused_by_framework(exceptions.PermissionDenied())
    return _refused_by_a_room(error)


def _refused_fields(error: Any) -> Refusal:
    errors = list(_field_errors(error.detail))[:MAX_FIELD_ERRORS]
    first = errors[0]
    return Refusal(
        status=error.status_code,
        code="invalid",
        detail=f"{first['field']}: {first['detail']}",
        errors=errors,
    )


def _field_errors(detail: dict[str, list[Any]]) -> Iterator[dict[str, str]]:
    for name, refusals in detail.items():
        for refusal in refusals:
            yield _field_error(str(name), refusal.code, str(refusal))


def _field_error(name: str, code: str, detail: str) -> dict[str, str]:
    return {"field": name[:MAX_FIELD_NAME], "code": code, "detail": detail}


def _refused_by_framework(error: Any) -> Refusal:
    """401, 403, 404, 405, 406, 415, 429: the framework's own choice of status."""
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait_s := getattr(error, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait_s))
    return Refusal(
        status=error.status_code,
        code=str(error.get_codes()),
        detail=str(error.detail),
        headers=headers,
    )


def _refused_by_a_room(error: Any) -> Refusal | None:
    status = next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), None)
    if status is None:
        return None
    errors = []
    if name := getattr(error, "field", ""):
        errors = [_field_error(_camel_case(name), error.code, str(error))]
    return Refusal(
        status=status,
        code=error.code,
        detail=str(error),
        errors=errors,
        headers=_retry_header(error) if error.retryable else {},
        members=error.members if isinstance(error, NotBought) else {},
    )


def _retry_header(error: Any) -> dict[str, str]:
    return {"Retry-After": str(getattr(error, "retry_after_s", RETRY_AFTER_S))}


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
