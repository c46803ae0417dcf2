"""The API described for machines: OpenAPI, with problem+json on every refusal."""
# mypy: disallow-subclassing-any=False, disallow-untyped-calls=False

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS

from telephony.serializers import OfferRecord

CONTENT_TYPE = "application/problem+json"


class FieldProblem(serializers.Serializer):
    """What is wrong with one field."""

    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class Problem(serializers.Serializer):
    """A refusal (RFC 9457). `code` is stable; `detail` is for people."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField(min_value=400, max_value=599)
    detail = serializers.CharField()
    instance = serializers.CharField(help_text="Names this refusal in the logs.")
    code = serializers.CharField()
    errors = FieldProblem(many=True)
    offers = OfferRecord(
        many=True, required=False, help_text="When a number was not to be had: up to three others."
    )


class ProblemSchema(AutoSchema):
    """Gives every refusal its shape; views only say which ones there are and why."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        refusals = {"401": "Nobody is logged in.", "default": "Any other refusal."}
        if self.method not in SAFE_METHODS:
            refusals["403"] = "The X-CSRFToken header is missing or wrong."
        content = {CONTENT_TYPE: {"schema": self.resolve_serializer(Problem, "response").ref}}
        answers: dict[str, Any] = operation["responses"]
        for status, description in refusals.items():
            answers.setdefault(status, {"description": description})
        for status, answer in answers.items():
            if not status.startswith("2"):
                answer["content"] = content
        operation["responses"] = dict(sorted(answers.items()))
        return operation


class SessionScheme(OpenApiAuthenticationExtension):
    """How a request is known to be the owner's."""

    target_class = "aloha_site.api.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
