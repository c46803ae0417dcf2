"""What an owner hears of messages and how long they are kept, for scripts."""
# ruff: noqa: N815
# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

import re
from datetime import time
from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import User
from accounts.scoped_views import in_own_rows
from telephony.serializers import ClosedSerializer, read
from voicemail.api import SwitchField
from voicemail.models import Wanted
from voicemail.notifications import change_preference, preference_of
from voicemail.retention import LONGEST_DAYS, change_keeping, keeping_of

KEEPING = ("audio_days", "text_days")
CLOCK_TIME = "^([01][0-9]|2[0-3]):[0-5][0-9]$"


@extend_schema_field({"type": "string", "pattern": CLOCK_TIME, "example": "22:00"})
class ClockTimeField(serializers.TimeField):
    """A time of day as clocks show it: no seconds, and no offset, which would say another time."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M"], **options)

    def to_internal_value(self, value: Any) -> time:
        if not (isinstance(value, str) and re.fullmatch(CLOCK_TIME, value)):
            self.fail("invalid", format="hh:mm")
        read_time: time = super().to_internal_value(value)
        return read_time


class MessageSettingsRecord(serializers.Serializer):
    """E-mail about messages, and how long they are kept. Quiet hours are in the owner's zone."""

    wanted = serializers.ChoiceField(choices=Wanted.choices)
    quietFrom = ClockTimeField(source="quiet_from", allow_null=True)
    quietUntil = ClockTimeField(source="quiet_until", allow_null=True)
    urgentPasses = serializers.BooleanField(source="urgent_passes")
    audioDays = serializers.IntegerField(source="audio_days")
    textDays = serializers.IntegerField(source="text_days")


class MessageSettingsChanges(ClosedSerializer):
    """What to change; what is left out stays as it is."""

    wanted = serializers.ChoiceField(choices=Wanted.choices, required=False)
    quietFrom = ClockTimeField(source="quiet_from", allow_null=True, required=False)
    quietUntil = ClockTimeField(source="quiet_until", allow_null=True, required=False)
    urgentPasses = SwitchField(source="urgent_passes", required=False)
    audioDays = serializers.IntegerField(
        source="audio_days", min_value=1, max_value=LONGEST_DAYS, required=False
    )
    textDays = serializers.IntegerField(
        source="text_days", min_value=1, max_value=LONGEST_DAYS, required=False
    )


class MessageSettings(APIView):
    """How an owner hears of messages, and for how long they are kept."""

    @extend_schema(operation_id="getMessageSettings", responses={200: MessageSettingsRecord})
    @in_own_rows
    def get(self, request: Request) -> Response:
        """As it is now."""
        return Response(MessageSettingsRecord(_settings(request.user)).data)

    @extend_schema(
        operation_id="changeMessageSettings",
        request=MessageSettingsChanges,
        responses={
            200: MessageSettingsRecord,
            400: OpenApiResponse(description="A field is unknown, wrong, or lacks its other end."),
        },
    )
    @in_own_rows
    def patch(self, request: Request) -> Response:
        """Change some of it; all or nothing."""
        changes = read(MessageSettingsChanges, request.data)
        keeping = {name: changes.pop(name) for name in KEEPING if name in changes}
        wanted = {name: now for name, now in _settings(request.user).items() if name not in KEEPING}
        change_preference(user=request.user, **wanted | changes)
        change_keeping(owner=request.user, **keeping)
        return Response(MessageSettingsRecord(_settings(request.user)).data)


def _settings(user: User) -> dict[str, Any]:
    preference = preference_of(user)
    audio_days, text_days = keeping_of(user)
    return {
        "wanted": preference.wanted,
        "quiet_from": preference.quiet_from,
        "quiet_until": preference.quiet_until,
        "urgent_passes": preference.urgent_passes,
        "audio_days": audio_days,
        "text_days": text_days,
    }
