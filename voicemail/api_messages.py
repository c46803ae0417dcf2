"""The inbox for scripts, over the same functions as the pages."""
# ruff: noqa: N815
# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

import uuid
from contextlib import suppress
from datetime import UTC
from http import HTTPStatus

from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.scoped_views import in_own_rows
from telephony.api import query_of
from telephony.api_lists import answer_of, refused
from telephony.call_records import TranscriptLineRecord
from telephony.errors import BadCursor
from telephony.serializers import ClosedSerializer, TextField, read
from voicemail import inbox
from voicemail.api import SwitchField
from voicemail.models import Message, Urgency
from voicemail.searching import MAX_LENGTH
from voicemail.summaries import NAME_LENGTH

_GONE = OpenApiResponse(description="not_found: there is no such message of yours.")


class MessageRecord(serializers.Serializer):
    """What one call left for the owner. Times are UTC."""

    id = serializers.UUIDField()
    callId = serializers.UUIDField(source="call_id")
    receivedAt = serializers.DateTimeField(source="started_at", default_timezone=UTC)
    callerName = serializers.CharField(source="caller_name", help_text="Empty when not known.")
    callerNumber = serializers.SerializerMethodField(
        method_name="caller_number", help_text="E.164; null when withheld."
    )
    callType = serializers.CharField(source="call.call_type")
    reason = serializers.CharField()
    summary = serializers.CharField()
    summarySource = serializers.CharField(source="summary_source")
    urgency = serializers.ChoiceField(choices=Urgency.choices)
    callbackNumber = serializers.SerializerMethodField(
        method_name="callback_number", help_text="E.164; null when there is none to dial."
    )
    durationSeconds = serializers.IntegerField(source="call.duration_s", allow_null=True)
    audioUrl = serializers.SerializerMethodField(
        method_name="audio_url", help_text="Null without audio."
    )
    isRead = serializers.SerializerMethodField(method_name="is_read")
    isArchived = serializers.SerializerMethodField(method_name="is_archived")
    isPrepared = serializers.SerializerMethodField(
        method_name="is_prepared", help_text="False while the worker still writes the summary."
    )
    wordsErasedAt = serializers.DateTimeField(
        source="words_erased_at",
        default_timezone=UTC,
        allow_null=True,
        help_text="When summary and transcript went, while the recording is still kept.",
    )

    def caller_number(self, message: Message) -> str | None:
        return None if message.call.caller_withheld else message.call.from_number or None

    def callback_number(self, message: Message) -> str | None:
        return message.callback_number or None

    def audio_url(self, message: Message) -> str | None:
        if inbox.recording_of(message) is None:
            return None
        return reverse("message_audio", args=[message.id])

    def is_read(self, message: Message) -> bool:
        return not message.is_unread

    def is_archived(self, message: Message) -> bool:
        return message.archived_at is not None

    def is_prepared(self, message: Message) -> bool:
        return inbox.is_prepared(message)


class MessageDetail(MessageRecord):
    """A message with its transcript."""

    transcript = TranscriptLineRecord(many=True, source="call.transcript")


class MessagePage(serializers.Serializer):
    """Some messages, newest first; `next` leads to older ones, `previous` to newer ones."""

    results = MessageRecord(many=True)
    next = serializers.CharField(allow_null=True, help_text="Path and query.")
    previous = serializers.CharField(allow_null=True, help_text="Path and query.")


class MessagesQuery(ClosedSerializer):
    """Which messages, and where to go on."""

    show = serializers.ChoiceField(choices=inbox.Show.choices, default=inbox.Show.ALL)
    q = TextField(
        default="",
        allow_blank=True,
        max_length=MAX_LENGTH,
        help_text="Words that all stand in the message or its transcript.",
    )
    limit = serializers.IntegerField(default=25, min_value=1, max_value=100)
    cursor = TextField(default="", allow_blank=True, help_text="From `next` or `previous`.")


class MessageChanges(ClosedSerializer):
    """What to change; what is left out stays as it is."""

    isRead = SwitchField(required=False)
    isArchived = SwitchField(required=False)
    callerName = TextField(
        required=False,
        allow_blank=True,
        max_length=NAME_LENGTH,
        help_text="Remembered for the caller's number.",
    )


class Messages(APIView):
    """The inbox."""

    @extend_schema(
        operation_id="listMessages",
        parameters=[MessagesQuery],
        responses={
            200: MessagePage,
            400: OpenApiResponse(description="The query makes no sense."),
        },
    )
    @in_own_rows
    def get(self, request: Request) -> Response:
        """Messages, the latest first; a search also looks into the archive."""
        asked = read(MessagesQuery, query_of(request))
        found = inbox.look_through(request.user, show=inbox.Show(asked["show"]), search=asked["q"])
        try:
            page = inbox.page_of(found, cursor=asked["cursor"], limit=asked["limit"])
        except BadCursor as error:
            raise refused("cursor", error) from error
        return Response(MessagePage(answer_of(request, page)).data)


class OneMessage(APIView):
    """One message."""

    @extend_schema(operation_id="getMessage", responses={200: MessageDetail, 404: _GONE})
    @in_own_rows
    def get(self, request: Request, message_id: uuid.UUID) -> Response:
        """The message with its transcript; reading it here leaves it unread."""
        return Response(MessageDetail(_own(request, message_id)).data)

    @extend_schema(
        operation_id="changeMessage",
        request=MessageChanges,
        responses={
            200: MessageDetail,
            400: OpenApiResponse(description="A field is unknown or wrong."),
            404: _GONE,
        },
    )
    @in_own_rows
    def patch(self, request: Request, message_id: uuid.UUID) -> Response:
        """Read or unread, archived or not, and who called."""
        changes = read(MessageChanges, request.data)
        message, now = _own(request, message_id), timezone.now()
        match changes.get("isRead"):
            case True:
                inbox.mark_read(message=message, now=now)
            case False:
                inbox.mark_unread(message=message)
        match changes.get("isArchived"):
            case True:
                inbox.archive(message=message, now=now)
            case False:
                inbox.unarchive(message=message)
        if "callerName" in changes:
            inbox.name_caller(user=request.user, message=message, name=changes["callerName"])
        return Response(MessageDetail(message).data)

    @extend_schema(
        operation_id="deleteMessage",
        request=None,
        responses={204: OpenApiResponse(description="Out of sight; erased an hour later.")},
    )
    @in_own_rows
    def delete(self, request: Request, message_id: uuid.UUID) -> Response:
        """Delete the message, its audio and transcript. Again, the same answer."""
        with suppress(Message.DoesNotExist):
            message = inbox.find_message(user=request.user, message_id=message_id)
            inbox.delete(message=message, now=timezone.now())
        return Response(status=HTTPStatus.NO_CONTENT)


def _own(request: Request, message_id: uuid.UUID) -> Message:
    try:
        return inbox.find_message(user=request.user, message_id=message_id)
    except Message.DoesNotExist as error:
        raise Http404 from error
