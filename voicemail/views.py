"""The inbox's pages."""

import uuid
from typing import Any

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import OwnerRequest
from accounts.scoped_views import in_own_rows
from agent.profiles import profile_of
from agent.session import TranscriptSource
from voicemail import inbox
from voicemail.audio import audio_response
from voicemail.models import Message


@login_required
@in_own_rows
@require_safe
def inbox_page(request: OwnerRequest) -> HttpResponse:
    """The list of messages."""
    context = {"section": "inbox", "page": _page(request), "live": True}
    return render(request, "voicemail/inbox.html", context)


@login_required
@in_own_rows
@require_safe
def message_page(request: OwnerRequest, message_id: uuid.UUID) -> HttpResponse:
    """One message beside the list; opening it marks it read."""
    message = _own_message(request, message_id)
    if request.method == "GET":
        inbox.mark_read(message=message, now=timezone.now())
    transcript = message.call.transcript.all()
    context: dict[str, Any] = {
        "section": "inbox",
        "page": _page(request),
        "message": message,
        "call": message.call,
        "recording": inbox.recording_of(message),
        "transcript": transcript,
        "has_unwritten_lines": any(line.source == TranscriptSource.NONE for line in transcript),
        "agent_name": profile_of(request.user).agent_name,
        "live": not inbox.is_prepared(message),
    }
    return render(request, "voicemail/message.html", context)


@login_required
@in_own_rows
@require_POST
def mark_message_unread(request: OwnerRequest, message_id: uuid.UUID) -> HttpResponse:
    """Put the message back among the unread ones."""
    inbox.mark_unread(message=_own_message(request, message_id))
    notices.success(request, "The message counts as unread again.")
    return redirect("inbox")


@login_required
@in_own_rows
@require_safe
def message_audio(request: OwnerRequest, message_id: uuid.UUID) -> HttpResponseBase:
    """The recording of the owner's own message, whole or in part."""
    recording = inbox.recording_of(_own_message(request, message_id))
    if recording is None:
        raise Http404
    try:
        return audio_response(request, recording.file, etag=f'"{recording.sha256}"')
    except FileNotFoundError as error:
        raise Http404 from error


def _own_message(request: OwnerRequest, message_id: uuid.UUID) -> Message:
    try:
        return inbox.find_message(user=request.user, message_id=message_id)
    except Message.DoesNotExist as error:
        raise Http404 from error


def _page(request: OwnerRequest) -> Page[Message]:
    paginator = Paginator(inbox.messages_of(request.user), inbox.MESSAGES_PER_PAGE)
    return paginator.get_page(request.GET.get("page"))
