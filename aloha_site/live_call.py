"""A call while it runs: that somebody is on the line, what is said, and the owner's two buttons.

The lines come from the database, where the media path's journal puts them: nothing here can hold
a call up. News of the call say when to look; where none come, one looks now and then all the same.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from functools import partial

from channels.db import database_sync_to_async
from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import OwnerRequest
from accounts.row_security import user_scope
from accounts.scoped_views import in_own_rows
from aloha_site import call_words, live_gist, live_words
from aloha_site.event_stream import AGAIN_MS, STREAM_SECONDS, event, retry_after, stream_of
from telephony import call_log, draining, live_news
from telephony.agent_names import name_on
from telephony.errors import CallOver, ProviderError
from telephony.models import Call
from telephony.running_calls import end_running_call, take_message_now
from voicemail.callers import known_name

LOOK_SECONDS = 0.25
"""Without news."""
EARLIER_CALLS = 3
LARGEST_POSITION = 2**31 - 1


@login_required
@require_safe
@in_own_rows
def on_the_line(request: OwnerRequest) -> HttpResponse:
    """The part of every page that says whether somebody is on the line."""
    response = render(request, "components/_on_the_line.html")
    response["Cache-Control"] = "no-store"
    return response


def running_call_page(request: OwnerRequest, call: Call) -> HttpResponse:
    """The page of a call that is not over; runs in the owner's scope."""
    earlier = call_log.earlier_calls(call, related=call_words.ROW)[:EARLIER_CALLS]
    gist = live_gist.gist_of(call)
    words = call_words.words_of(call)
    context = {
        "section": "calls",
        "call": call,
        "words": words,
        "who": gist.name or words.who,
        "gist": gist,
        "other_number": words.who,
        "agent_name": name_on(call),
        "other": live_words.other_side(call, name=gist.name),
        "news": live_words.news_of(call.id),
        "before": [(call_words.words_of(each), call_words.message_of(each)) for each in earlier],
    }
    return render(request, "site/running_call.html", context)


@login_required
@require_safe
def call_lines(request: OwnerRequest, call_id: uuid.UUID) -> StreamingHttpResponse:
    """The lines of a call as server-sent events, from `after` or the last one received on."""
    with user_scope(request.user.pk):
        call = _own_call(request, call_id)
        names = {
            "other": live_words.other_side(call, name=known_name(call)),
            "other_number": call_words.number_of(call),
            "agent_name": name_on(call),
        }
    received = request.headers.get("Last-Event-ID") or request.GET.get("after", "")
    return stream_of(_events(request.user.pk, call, after=_position(received), names=names))


@login_required
@require_POST
def end_call(request: OwnerRequest, call_id: uuid.UUID) -> HttpResponse:
    """Hang up on the caller."""
    return _steer(request, call_id, end_running_call, done="The call is being ended.")


@login_required
@require_POST
def take_message(request: OwnerRequest, call_id: uuid.UUID) -> HttpResponse:
    """Let the caller leave a message instead."""
    done = "The caller is asked for a message now. It comes to your inbox."
    return _steer(request, call_id, take_message_now, done=done)


def _steer(
    request: OwnerRequest, call_id: uuid.UUID, steer: Callable[[Call], None], *, done: str
) -> HttpResponse:
    with user_scope(request.user.pk):
        call = _own_call(request, call_id)
    try:
        steer(call)
    except CallOver as error:
        notices.info(request, str(error))
    except ProviderError as error:
        notices.error(request, f"The call goes on as it was. {error}")
    else:
        notices.success(request, done)
    return redirect("call", call_id=call_id)


async def _events(
    user_id: uuid.UUID, call: Call, *, after: int, names: dict[str, str]
) -> AsyncIterator[bytes]:
    loop = asyncio.get_running_loop()
    until = loop.time() + STREAM_SECONDS
    being_said = None
    yield retry_after(AGAIN_MS)
    async with live_news.listening(live_news.group_of(call.call_sid or "")) as listener:
        while loop.time() < until and not draining.here.has_begun:
            news = await database_sync_to_async(partial(_news, user_id, call.id, after))()
            for line in news.lines:
                after = line.position
                text = render_to_string("site/_live_line.html", {"line": line, **names})
                yield event("line", text, position=after)
            if news.lines:
                gist = await database_sync_to_async(partial(_gist, user_id, call.id))()
                text = render_to_string("site/_so_far.html", {"gist": gist, **names})
                yield event("gist", text, position=after)
            if news.being_said != being_said:
                being_said = news.being_said
                yield event("saying", being_said, position=after)
            if news.is_over:
                yield event("over", "over", position=after)
                return
            await listener.news(within_s=LOOK_SECONDS)


def _news(user_id: uuid.UUID, call_id: uuid.UUID, after: int) -> live_words.News:
    with user_scope(user_id):
        return live_words.news_of(call_id, after=after)


def _gist(user_id: uuid.UUID, call_id: uuid.UUID) -> live_gist.Gist:
    with user_scope(user_id):
        return live_gist.gist_of_call(call_id)


def _position(received: str) -> int:
    """A line's position as a browser sends it back; the start for anything else."""
    if received.isascii() and received.isdecimal() and int(received[:12]) <= LARGEST_POSITION:
        return int(received[:12])
    return live_words.START


def _own_call(request: OwnerRequest, call_id: uuid.UUID) -> Call:
    try:
        return call_log.find_call(user=request.user, call_id=call_id)
    except Call.DoesNotExist as error:
        raise Http404 from error
