"""The inbox's pages."""

import uuid
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import OwnerRequest
from accounts.row_security import user_scope
from accounts.scoped_views import in_own_rows
from agent.session import Role, TranscriptSource
from telephony.agent_names import name_on
from telephony.errors import BadCursor
from voicemail import inbox
from voicemail.audio import audio_response
from voicemail.models import Message
from voicemail.searching import MAX_LENGTH


@login_required
@in_own_rows
@require_safe
def inbox_page(request: OwnerRequest) -> HttpResponse:
    """The list of messages; `?undo=` names one that was just archived or deleted."""
    return render(request, "voicemail/inbox.html", _list(request) | {"live": True})


@login_required
@in_own_rows
@require_safe
def message_page(request: OwnerRequest, message_id: uuid.UUID) -> HttpResponse:
    """One message beside the list; opening it marks it read."""
    message = _own_message(request, message_id)
    if request.method == "GET":
        inbox.mark_read(message=message, now=timezone.now())
    transcript = list(message.call.transcript.all())
    context: dict[str, Any] = {
        "message": message,
        "call": message.call,
        "recording": inbox.recording_of(message),
        "transcript": transcript,
        "transcript_sources": {line.source for line in transcript},
        "has_callers_words": any(
            line.role == Role.CALLER.value and line.text for line in transcript
        ),
        "has_unwritten_lines": any(line.source == TranscriptSource.NONE for line in transcript),
        "agent_name": name_on(message.call),
        "live": not inbox.is_prepared(message),
    }
    return render(request, "voicemail/message.html", _list(request) | context)


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
@require_POST
def archive_message(request: OwnerRequest, message_id: uuid.UUID) -> HttpResponse:
    """Done with it."""
    inbox.archive(message=_own_message(request, message_id), now=timezone.now())
    return _to_inbox(undo=message_id)


@login_required
@in_own_rows
@require_POST
def delete_message(request: OwnerRequest, message_id: uuid.UUID) -> HttpResponse:
    """Away with it; for a while it can be taken back."""
    inbox.delete(message=_own_message(request, message_id), now=timezone.now())
    return _to_inbox(undo=message_id)


@login_required
@in_own_rows
@require_POST
def take_back(request: OwnerRequest, message_id: uuid.UUID) -> HttpResponse:
    """Back into the inbox, from the archive or from the deleted ones."""
    message = _put_away(request, message_id)
    if message is None:
        raise Http404
    if message.deleted_at is not None:
        inbox.restore(message=message)
    else:
        inbox.unarchive(message=message)
    return redirect("message", message_id)


@login_required
@in_own_rows
@require_POST
def name_caller(request: OwnerRequest, message_id: uuid.UUID) -> HttpResponse:
    """Who called, in the owner's words; remembered for the number."""
    message = _own_message(request, message_id)
    inbox.name_caller(user=request.user, message=message, name=request.POST.get("name", ""))
    notices.success(request, "Saved. All calls from this number carry the name.")
    return redirect("message", message_id)


@login_required
@require_safe
def message_audio(request: OwnerRequest, message_id: uuid.UUID) -> HttpResponseBase:
    """The recording of the owner's own message, whole or in part; `?download` to keep it."""
    with user_scope(request.user.pk):
        recording = inbox.recording_of(_own_message(request, message_id))
    if recording is None:
        raise Http404
    response = audio_response(request, recording)
    if "download" in request.GET and response.status_code < HTTPStatus.BAD_REQUEST:
        response["Content-Disposition"] = f'attachment; filename="message-{message_id}.wav"'
    return response


def _own_message(request: OwnerRequest, message_id: uuid.UUID) -> Message:
    try:
        return inbox.find_message(user=request.user, message_id=message_id)
    except Message.DoesNotExist as error:
        raise Http404 from error


def _put_away(request: OwnerRequest, message_id: uuid.UUID) -> Message | None:
    """The owner's message if it is deleted or archived."""
    try:
        return inbox.find_deleted(user=request.user, message_id=message_id)
    except Message.DoesNotExist:
        archived = inbox.look_through(request.user, show=inbox.Show.ARCHIVED)
        return inbox.with_details(archived).filter(id=message_id).first()


def _to_inbox(*, undo: uuid.UUID) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse('inbox')}?undo={undo}")


def _list(request: OwnerRequest) -> dict[str, Any]:
    """The list that both pages show, and how its links keep what was looked for."""
    typed = request.GET.get("q", "")[:MAX_LENGTH]
    asked = request.GET.get("show", "")
    show = inbox.Show(asked) if asked in inbox.Show.values else inbox.Show.ALL
    found = inbox.look_through(request.user, show=show, search=typed)
    cursor = request.GET.get("cursor", "")
    try:
        page = inbox.page_of(found, cursor=cursor)
    except BadCursor as error:
        raise Http404 from error
    if cursor and not page.rows:  # all that stood there is gone
        cursor, page = "", inbox.page_of(found)
    kept = {name: value for name, value in (("show", asked and show), ("q", typed)) if value}
    at_page = kept | ({"cursor": cursor} if cursor else {})
    return {
        "section": "inbox",
        "page": page,
        "search": typed,
        "show": show,
        "shows": [(value, label) for value, label in inbox.Show.choices],
        "kept_query": urlencode(kept),
        "list_query": urlencode(at_page),
        "undo": _undo(request),
    }


def _undo(request: OwnerRequest) -> Message | None:
    try:
        message_id = uuid.UUID(request.GET.get("undo", ""))
    except ValueError:
        return None
    return _put_away(request, message_id)
