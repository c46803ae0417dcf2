"""An owner's agent for scripts, over the same function and within the same limits as the page."""
# ruff: noqa: N815
# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.scoped_views import in_own_rows
from agent import voice_samples
from agent.backends.base import get_backend
from agent.profiles import (
    ABOUT_MAX_LENGTH,
    AGENT_NAME_MAX_LENGTH,
    GREETING_MAX_LENGTH,
    change_profile,
    profile_of,
)
from agent.voices import Voice
from telephony.serializers import ClosedSerializer, TextField, read


class FactsField(TextField):
    """Text of several lines; a line's end counts as one character, however it is sent."""

    def to_internal_value(self, data: Any) -> str:
        one_sign = data.replace("\r\n", "\n") if isinstance(data, str) else data
        return super().to_internal_value(one_sign)


class AgentProfileRecord(serializers.Serializer):
    """How an owner's agent presents itself; all of it is plain text."""

    agentName = serializers.CharField(source="agent_name")
    voice = serializers.CharField()
    greeting = serializers.CharField(help_text="The agent's own first sentence; may be empty.")
    about = serializers.CharField(help_text="Facts that the agent may tell callers, one a line.")


class AgentProfileChanges(ClosedSerializer):
    """What to change; what is left out stays as it is. Runs of blanks are kept as one."""

    agentName = TextField(source="agent_name", max_length=AGENT_NAME_MAX_LENGTH, required=False)
    voice = TextField(
        trim_whitespace=False, required=False, help_text="The name of a voice that is offered."
    )
    greeting = TextField(max_length=GREETING_MAX_LENGTH, allow_blank=True, required=False)
    about = FactsField(
        max_length=ABOUT_MAX_LENGTH,
        allow_blank=True,
        required=False,
        help_text="Facts that the agent may tell callers, one a line.",
    )


class VoiceRecord(serializers.Serializer):
    """A voice that an owner may choose."""

    name = serializers.CharField()
    label = serializers.CharField()
    description = serializers.CharField()
    sampleUrl = serializers.SerializerMethodField(
        method_name="sample_url", help_text="A WAV file; null where none was rendered."
    )

    def sample_url(self, voice: Voice) -> str | None:
        if voice.name not in self.context["rendered"]:
            return None
        return reverse("voice_sample", args=[voice.name])


class AgentProfile(APIView):
    """The owner's agent."""

    @extend_schema(operation_id="getAgentProfile", responses={200: AgentProfileRecord})
    @in_own_rows
    def get(self, request: Request) -> Response:
        """As it is now; the usual one while nothing was chosen."""
        return Response(AgentProfileRecord(profile_of(request.user)).data)

    @extend_schema(
        operation_id="changeAgentProfile",
        request=AgentProfileChanges,
        responses={
            200: AgentProfileRecord,
            400: OpenApiResponse(
                description="A field is unknown, wrong or too long; unknown_voice: nobody has it."
            ),
        },
    )
    @in_own_rows
    def patch(self, request: Request) -> Response:
        """Change some of it; all or nothing. Calls that go on keep the agent they have."""
        changes = read(AgentProfileChanges, request.data)
        return Response(AgentProfileRecord(change_profile(user=request.user, **changes)).data)


class AgentVoices(APIView):
    """The voices to choose from."""

    @extend_schema(operation_id="listAgentVoices", responses={200: VoiceRecord(many=True)})
    def get(self, request: Request) -> Response:
        """All voices, the usual one first."""
        rendered = {"rendered": voice_samples.rendered()}
        return Response(VoiceRecord(get_backend().voices(), many=True, context=rendered).data)
