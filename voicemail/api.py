"""Voicemail settings for scripts, over the same function as the page."""
# ruff: noqa: N815
# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.scoped_views import in_own_rows
from telephony.api_errors import NoActiveNumber
from telephony.errors import NoNumber
from telephony.models import VoicemailMode
from telephony.numbers import active_number
from telephony.serializers import ClosedSerializer, NumberRecord, TextField, read
from voicemail.preferences import VoicemailChanges, change_voicemail_settings


class SwitchField(serializers.BooleanField):
    """true or false, and nothing that could be taken for them."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return bool(data)


class ModeField(serializers.ChoiceField):
    """One of the modes, by its name."""

    def to_internal_value(self, data: Any) -> VoicemailMode:
        if not isinstance(data, str) or data not in VoicemailMode.values:
            # The framework's own sentence would repeat whatever was sent.
            choices = ", ".join(VoicemailMode.values)
            raise serializers.ValidationError(f"Choose one of {choices}.", code="invalid_choice")
        return VoicemailMode(data)


class SettingsRequest(ClosedSerializer):
    """Settings to change; what is left out stays as it is."""

    voicemailEnabled = SwitchField(source="voicemail_enabled", required=False)
    voicemailMode = ModeField(
        source="voicemail_mode", choices=VoicemailMode.choices, required=False
    )
    externalPhoneNumber = TextField(
        source="external_phone_number",
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=32,
        help_text="The owner's own phone; null forgets it.",
    )
    forwardingEnabled = SwitchField(source="forwarding_enabled", required=False)
    forwardingConfirmed = SwitchField(source="forwarding_confirmed", required=False)


class VoicemailSettings(APIView):
    """How an owner wants missed calls taken."""

    @extend_schema(
        operation_id="changeVoicemailSettings",
        request=SettingsRequest,
        responses={
            200: NumberRecord,
            400: OpenApiResponse(description="A field is unknown, wrong or contradicts another."),
            409: OpenApiResponse(description="no_number: there is no active number."),
        },
    )
    @in_own_rows
    def patch(self, request: Request) -> Response:
        """Change some settings, and whatever follows from them; all or nothing."""
        changes = VoicemailChanges(**read(SettingsRequest, request.data))
        number = active_number(request.user)
        if number is None:
            raise NoActiveNumber
        try:
            number = change_voicemail_settings(number=number, changes=changes)
        except NoNumber as error:  # released a moment ago
            raise NoActiveNumber from error
        return Response(NumberRecord(number).data)
