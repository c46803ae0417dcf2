"""Campaigns for scripts, over the same functions as the pages."""
# ruff: noqa: N815
# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

import uuid
from datetime import UTC
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, NotFound, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.scoped_views import in_own_rows
from telephony import campaigns
from telephony.models import Campaign
from telephony.serializers import ClosedSerializer, TextField, read

MAX_LIMIT = 100
DEFAULT_LIMIT = 25

_NAME_TAKEN = OpenApiResponse(description="name_taken: another campaign has this name.")
_NOT_FOUND = OpenApiResponse(description="campaign_not_found: no campaign of yours.")
_BAD_FIELD = OpenApiResponse(description="A field is missing, unknown or makes no sense.")


class SwitchField(serializers.BooleanField):
    """true or false, and nothing that could be taken for them."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return bool(data)


class CampaignChanges(ClosedSerializer):
    """What to change; what is left out stays as it is."""

    name = TextField(max_length=80, required=False)
    purpose = TextField(max_length=2000, required=False, help_text="The agent is told this.")
    consentNote = TextField(
        source="consent_note",
        max_length=1000,
        required=False,
        help_text="How the people called agreed to it.",
    )
    isActive = SwitchField(
        source="is_active", required=False, help_text="Nobody is called for one that has ended."
    )


class NewCampaign(ClosedSerializer):
    """A campaign to begin."""

    name = TextField(max_length=80)
    purpose = TextField(max_length=2000, help_text="The agent is told this.")
    consentNote = TextField(
        source="consent_note", max_length=1000, help_text="How the people called agreed to it."
    )


class CampaignRecord(serializers.Serializer):
    """A campaign. Times are UTC."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    purpose = serializers.CharField()
    consentNote = serializers.CharField(source="consent_note")
    isActive = serializers.BooleanField(source="is_active")
    createdAt = serializers.DateTimeField(source="created_at", default_timezone=UTC)
    updatedAt = serializers.DateTimeField(source="updated_at", default_timezone=UTC)


class CampaignQuery(ClosedSerializer):
    """Which page, and how long."""

    cursor = TextField(default="", allow_blank=True, help_text="From `next` or `previous`.")
    limit = serializers.IntegerField(default=DEFAULT_LIMIT, min_value=1, max_value=MAX_LIMIT)


class CampaignPage(serializers.Serializer):
    """Some campaigns, newest first, and where the list goes on; null where it ends."""

    results = CampaignRecord(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class _Pages(CursorPagination):
    page_size = DEFAULT_LIMIT
    page_size_query_param = "limit"
    max_page_size = MAX_LIMIT
    ordering = ("-created_at", "-id")


class Campaigns(APIView):
    """The owner's campaigns."""

    @extend_schema(
        operation_id="listCampaigns",
        parameters=[CampaignQuery],
        responses={200: CampaignPage, 400: OpenApiResponse(description="No such page.")},
    )
    @in_own_rows
    def get(self, request: Request) -> Response:
        """The owner's campaigns, newest first; ended ones too."""
        read(CampaignQuery, request.query_params.dict())
        pages = _Pages()
        mine = Campaign.objects.for_user(request.user)
        try:
            rows = pages.paginate_queryset(mine, request, view=self)
        except NotFound as error:
            detail = "This is no place in the list; start with the newest page."
            refusal = ErrorDetail(detail, code="invalid_cursor")
            raise ValidationError({"cursor": [refusal]}) from error
        answer = {
            "results": rows,
            "next": _here(pages.get_next_link()),
            "previous": _here(pages.get_previous_link()),
        }
        return Response(CampaignPage(answer).data)

    @extend_schema(
        operation_id="createCampaign",
        request=NewCampaign,
        responses={201: CampaignRecord, 400: _BAD_FIELD, 409: _NAME_TAKEN},
    )
    @in_own_rows
    def post(self, request: Request) -> Response:
        """Begin a campaign."""
        wanted = read(NewCampaign, request.data)
        campaign = campaigns.create_campaign(user=request.user, **wanted)
        return Response(CampaignRecord(campaign).data, status=HTTPStatus.CREATED)


class OneCampaign(APIView):
    """A campaign of the owner's."""

    @extend_schema(operation_id="getCampaign", responses={200: CampaignRecord, 404: _NOT_FOUND})
    @in_own_rows
    def get(self, request: Request, campaign_id: uuid.UUID) -> Response:
        """One campaign."""
        return Response(CampaignRecord(_own(request, campaign_id)).data)

    @extend_schema(
        operation_id="changeCampaign",
        request=CampaignChanges,
        responses={200: CampaignRecord, 400: _BAD_FIELD, 404: _NOT_FOUND, 409: _NAME_TAKEN},
    )
    @in_own_rows
    def patch(self, request: Request, campaign_id: uuid.UUID) -> Response:
        """Change a campaign, end it, or let it go on."""
        campaign = _own(request, campaign_id)
        changes = read(CampaignChanges, request.data)
        campaign = campaigns.change_campaign(campaign=campaign, **changes)
        return Response(CampaignRecord(campaign).data)

    @extend_schema(operation_id="deleteCampaign", request=None, responses={204: None})
    @in_own_rows
    def delete(self, request: Request, campaign_id: uuid.UUID) -> Response:
        """Delete a campaign; its calls stay. Again, the same answer."""
        Campaign.objects.for_user(request.user).filter(id=campaign_id).delete()
        return Response(status=HTTPStatus.NO_CONTENT)


def _own(request: Request, campaign_id: uuid.UUID) -> Campaign:
    return campaigns.find_campaign(user=request.user, campaign_id=campaign_id)


def _here(link: str | None) -> str | None:
    """An address of ours without scheme and host, which only the visitor knows."""
    return None if link is None else urlsplit(link)._replace(scheme="", netloc="").geturl()
