"""The call log for scripts, over the same functions as the pages."""
# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

import uuid

from django.db.models import Prefetch
from django.http import Http404
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.scoped_views import in_own_rows
from telephony import call_log
from telephony.api import query_of
from telephony.api_lists import answer_of, refused
from telephony.call_events import EventKind
from telephony.call_records import CallDetail, CallPage, CallQuery
from telephony.errors import BadCursor, BadSearch
from telephony.models import Call, CallEvent
from telephony.serializers import read


class Calls(APIView):
    """The owner's calls."""

    @extend_schema(
        operation_id="listCalls",
        parameters=[CallQuery],
        responses={
            200: CallPage,
            400: OpenApiResponse(description="The query makes no sense."),
        },
    )
    @in_own_rows
    def get(self, request: Request) -> Response:
        """The owner's calls, newest first."""
        query = read(CallQuery, query_of(request))
        try:
            page = call_log.page_of_calls(
                user=request.user,
                shown=query["filter"],
                typed=query["number"],
                cursor=query["cursor"],
                limit=query["limit"],
            )
        except BadCursor as error:
            raise refused("cursor", error) from error
        except BadSearch as error:
            raise refused("number", error) from error
        return Response(CallPage(answer_of(request, page)).data)


class OneCall(APIView):
    """A call of the owner's."""

    @extend_schema(
        operation_id="getCall",
        responses={200: CallDetail, 404: OpenApiResponse(description="No call of yours.")},
    )
    @in_own_rows
    def get(self, request: Request, call_id: uuid.UUID) -> Response:
        """One call with what was reported and what was said."""
        events = CallEvent.objects.exclude(kind=EventKind.BEING_SAID).order_by("received_at", "id")
        calls = call_log.calls_of(request.user).prefetch_related(
            Prefetch("events", events), "transcript"
        )
        try:
            call = calls.get(id=call_id)
        except Call.DoesNotExist as error:
            raise Http404 from error
        return Response(CallDetail(call).data)
