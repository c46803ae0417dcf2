"""A script that talks to the API: JSON in, JSON or a problem out."""

import uuid
from typing import Any

from django.http import HttpResponse
from django.test import Client

from accounts.models import User

CSRF_TOKEN = "a" * 32
NUMBERS = "/api/telephony/twilio"
SETTINGS = "/api/telephony/voicemail/settings"
PROFILE = "/api/agent/profile"
OUTBOUND = "/api/twilio/voice/outbound"


class ApiClient(Client):
    """One user's session, or nobody's. Without `csrf` the token is left out."""

    def __init__(self, user: User | None = None, *, csrf: bool = True) -> None:
        headers = {"X-CSRFToken": CSRF_TOKEN} if csrf else {}
        super().__init__(enforce_csrf_checks=True, headers=headers)
        self.cookies["csrftoken"] = CSRF_TOKEN
        if user is not None:
            self.force_login(user)

    def search(self, **query: str) -> HttpResponse:
        return self.get(f"{NUMBERS}/available-numbers", query)

    def random(self, **query: str) -> HttpResponse:
        return self.get(f"{NUMBERS}/random-number", query)

    def purchase(self, **body: Any) -> HttpResponse:
        return self.post(f"{NUMBERS}/purchase-number", body, content_type="application/json")

    def release(self) -> HttpResponse:
        return self.post(f"{NUMBERS}/release-number", content_type="application/json")

    def active(self) -> HttpResponse:
        return self.get(f"{NUMBERS}/active-number")

    def place_call(self, *, key: str = "", **body: Any) -> HttpResponse:
        headers = {"Idempotency-Key": key} if key else {}
        return self.post(OUTBOUND, body, content_type="application/json", headers=headers)

    def change(self, **body: Any) -> HttpResponse:
        return self.patch(SETTINGS, body, content_type="application/json")


def problem_of(response: HttpResponse, status: int, code: str) -> dict[str, Any]:
    """The problem in an answer, after a look at its shape."""
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    problem: dict[str, Any] = response.json()
    assert problem.keys() - {"offers"} == {
        "type", "title", "status", "detail", "instance", "code", "errors",
    }  # fmt: skip
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"/problems/{code}"
    assert uuid.UUID(problem["instance"]).urn == problem["instance"]
    assert problem["title"]
    assert problem["detail"]
    for error in problem["errors"]:
        assert error.keys() == {"field", "code", "detail"}
    return problem


def field_errors(response: HttpResponse) -> dict[str, str]:
    """The code of every field that was refused with 400."""
    assert response.status_code == 400
    return {error["field"]: error["code"] for error in response.json()["errors"]}
