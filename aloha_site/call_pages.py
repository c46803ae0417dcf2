"""The call log's pages: every call, and the story of one."""

import uuid
from datetime import timedelta
from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts import audit
from accounts.requests import OwnerRequest
from accounts.row_security import user_scope
from accounts.scoped_views import in_own_rows
from aloha_site import call_story, call_words
from aloha_site.live_call import running_call_page
from telephony import call_log
from telephony.agent_names import name_on
from telephony.call_log import CallFilter
from telephony.errors import BadCursor, BadSearch
from telephony.models import Call, CallPurpose, Direction, Recording
from voicemail import inbox
from voicemail.audio import audio_response
from voicemail.models import Message

MESSAGE_WITHIN = timedelta(minutes=2)
"""After a call's end; a page that is read later does not wait for a message any more."""


@login_required
@require_safe
@in_own_rows
def calls_page(request: OwnerRequest) -> HttpResponse:
    """The log, a page at a time."""
    asked = {name: request.GET.get(name, "") for name in ("filter", "number", "cursor")}
    shown = CallFilter(asked["filter"]) if asked["filter"] in CallFilter.values else CallFilter.ALL
    context: dict[str, Any] = {
        "section": "calls",
        "filters": CallFilter.choices,
        "shown": shown,
        "typed": asked["number"][: call_log.MAX_SEARCH_LENGTH],
        "live": not asked["cursor"],
    }
    try:
        look = partial(
            call_log.page_of_calls,
            user=request.user,
            shown=shown,
            typed=asked["number"],
            related=call_words.ROW,
        )
        page = look(cursor=asked["cursor"])
        if asked["cursor"] and not page.rows:  # all that stood there is gone
            page, context["live"] = look(), True
    except BadSearch as error:
        return render(request, "site/calls.html", context | {"bad_search": error})
    except BadCursor:
        return render(request, "site/calls.html", context | {"bad_cursor": True}, status=404)
    context |= {"page": page, "days": call_words.by_day(page.rows)}
    return render(request, "site/calls.html", context)


@login_required
@require_safe
@in_own_rows
def call_page(request: OwnerRequest, call_id: uuid.UUID) -> HttpResponse:
    """What happened on one call, in order, with its recording."""
    call = _own_call(request, call_id)
    if not call.is_final:
        return running_call_page(request, call)
    recording = _recording_of(call)
    words = call_words.words_of(call)
    message = call_words.message_of(call)
    agent_name = name_on(call)
    steps = call_story.story(call, words=words, agent_name=agent_name)
    is_due = recording is None and message is not None and not inbox.is_prepared(message)
    context: dict[str, Any] = {
        "section": "calls",
        "call": call,
        "words": words,
        "message": message,
        "agent_name": agent_name,
        "recording": recording,
        "is_recording_due": is_due,
        "trouble": call_story.trouble(call),
        "steps": steps,
        "facts": call_story.facts(call, agent_name=agent_name),
        "live": _goes_on_changing(call, message),
        "acts": audit.acts_about(request.user, target=call),
    }
    return render(request, "site/call.html", context)


@login_required
@require_safe
def call_audio(request: OwnerRequest, call_id: uuid.UUID) -> HttpResponseBase:
    """The recording of the owner's own call, whole or in part."""
    with user_scope(request.user.pk):
        recording = _recording_of(_own_call(request, call_id))
    if recording is None:
        raise Http404
    return audio_response(request, recording)


def _goes_on_changing(call: Call, message: Message | None) -> bool:
    """Whether the worker has still to write something of the call that the page shows."""
    if message is not None:
        return not inbox.is_prepared(message)
    is_recent = call.ended_at is not None and timezone.now() - call.ended_at < MESSAGE_WITHIN
    may_leave_one = call.direction == Direction.INBOUND and call.purpose == CallPurpose.CONVERSATION
    return is_recent and may_leave_one


def _own_call(request: OwnerRequest, call_id: uuid.UUID) -> Call:
    try:
        return call_log.find_call(
            user=request.user, call_id=call_id, related=(*call_words.ROW, "recording")
        )
    except Call.DoesNotExist as error:
        raise Http404 from error


def _recording_of(call: Call) -> Recording | None:
    try:
        return call.recording
    except Recording.DoesNotExist:
        return None
