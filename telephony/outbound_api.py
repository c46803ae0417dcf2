"""Calling somebody, for scripts, over the same function as the page."""
# ruff: noqa: N815
# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

import re
from http import HTTPStatus
from typing import Any, ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from telephony import outbound
from telephony.api import KEY_HEADER
from telephony.callable_numbers import SHORT_DIGITS
from telephony.models import CallStatus
from telephony.serializers import ClosedSerializer, TextField, idempotency_key, read

_E164_OR_SHORT = re.compile(rf"\+[1-9][0-9]{{1,14}}|[0-9]{{1,{SHORT_DIGITS}}}")


class CalleeField(TextField):
    """A number as E.164. Short ones pass: they are refused by name, and not as misspelt."""

    default_error_messages: ClassVar = {
        "invalid_phone_number": "Write the number as E.164, like +14155550132."
    }

    def to_internal_value(self, data: Any) -> str:
        typed = super().to_internal_value(data)
        if not _E164_OR_SHORT.fullmatch(typed):
            self.fail("invalid_phone_number")
        return typed


class CampaignIdField(TextField):
    """A campaign's id."""

    default_error_messages: ClassVar = {"invalid_id": "This is no id of a campaign."}

    def to_internal_value(self, data: Any) -> Any:
        try:
            return serializers.UUIDField().to_internal_value(super().to_internal_value(data))
        except serializers.ValidationError:
            self.fail("invalid_id")


class CallRequest(ClosedSerializer):
    """Whom to call, and for which campaign."""

    phoneNumber = CalleeField(source="phone_number", help_text="E.164, like +14155550132.")
    campaignId = CampaignIdField(source="campaign_id", required=False, allow_null=True)


class PlacedCallRecord(serializers.Serializer):
    """A call of an owner's agent."""

    id = serializers.UUIDField()
    callSid = serializers.CharField(
        source="call_sid",
        allow_null=True,
        help_text="The provider's id; null while it has not said whether it rings.",
    )
    status = serializers.ChoiceField(choices=CallStatus.choices)
    simulated = serializers.BooleanField()


class PlaceCall(APIView):
    """Having somebody called."""

    @extend_schema(
        operation_id="placeCall",
        request=CallRequest,
        parameters=[
            OpenApiParameter(
                KEY_HEADER,
                OpenApiTypes.STR,
                OpenApiParameter.HEADER,
                description="1 to 255 printable characters that name this call for 48 hours.",
            )
        ],
        responses={
            201: PlacedCallRecord,
            202: OpenApiResponse(PlacedCallRecord, "The provider has not said whether it rings."),
            400: OpenApiResponse(description="A field is missing, unknown or makes no sense."),
            404: OpenApiResponse(description="campaign_not_found: not yours, or it has ended."),
            409: OpenApiResponse(
                description="no_number: there is no active number; outbound_terms_needed: accept "
                "them in a browser first, at /aloha/call/terms; outbound_off: switched off by "
                "staff."
            ),
            422: OpenApiResponse(
                description="The number: emergency_number, short_code, premium_number, "
                "shared_cost_number, satellite_number, number_type_not_allowed, not_callable, "
                "country_not_allowed, own_number, do_not_call. The time: quiet_hours. The caps: "
                "call_running, daily_calls_used, daily_minutes_used, all_calls_used. Also "
                "idempotency_key_reused."
            ),
            502: OpenApiResponse(description="The provider refused; nobody was called."),
            503: OpenApiResponse(description="provider_busy: nobody was called; try again."),
        },
    )
    def post(self, request: Request) -> Response:
        """Call somebody; the same Idempotency-Key gives the same call again."""
        wanted = read(CallRequest, request.data)
        key = idempotency_key(request.headers.get(KEY_HEADER))
        call = outbound.place_call(user=request.user, **wanted, key=key)
        status = HTTPStatus.CREATED if call.call_sid else HTTPStatus.ACCEPTED
        return Response(PlacedCallRecord(call).data, status=status)
