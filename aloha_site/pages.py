"""The front page: for visitors what Aloha is, for owners how things stand."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.scoped_views import in_own_rows
from agent.profiles import profile_of
from aloha_site import call_words, home_figures, onboarding
from telephony import call_log
from telephony.models import UserPhoneNumber
from telephony.numbers import active_number
from voicemail import inbox
from voicemail.forwarding_state import status_line
from voicemail.own_phone import codes_of

LATEST = 8
CARDS = 3
"""So many of those who wait are shown in full, once each; the rest are rows."""
LATEST_CALLS = 3


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """`/`: the landing page, or the owner's home."""
    if not request.user.is_authenticated:
        return render(request, "site/landing.html")
    return _owner_home(request, request.user)


@in_own_rows
def _owner_home(request: HttpRequest, user: User) -> HttpResponse:
    waiting = inbox.who_waits(user)
    cards = inbox.first_who_wait(user, CARDS)
    latest = inbox.first_of(inbox.look_through(user), LATEST)
    others = [message for message in latest if message not in cards]
    shown = len(cards) + sum(message.is_unread for message in others)
    situation = onboarding.Situation(
        number=active_number(user),
        people_waiting=waiting.people,
        urgent_waiting=waiting.urgent,
        has_messages=inbox.has_had_messages(user),
    )
    figures = home_figures.figures_of(user)
    context = {
        "section": "home",
        "active_number": situation.number,
        "unread_count": waiting.messages,
        "situation": situation,
        "headline": onboarding.headline(situation),
        "steps": onboarding.steps(situation),
        "steps_done": onboarding.steps_done(situation),
        "today": onboarding.calls_today(figures.today),
        "waiting": cards,
        "others": others,
        "more_waiting": max(waiting.messages - shown, 0),
        "figures": figures,
        "calls": [] if situation.has_messages else _latest_calls(user),
    } | _glance(user, situation.number)
    return render(request, "site/home.html", context)


def _latest_calls(user: User) -> list[call_words.Words]:
    """What came in while there is no message yet."""
    calls = call_log.calls_of(user).select_related("number", *call_words.ROW)
    return [call_words.words_of(call) for call in calls.order_by("-started_at")[:LATEST_CALLS]]


def _glance(user: User, number: UserPhoneNumber | None) -> dict[str, Any]:
    """What stands beside the number."""
    if number is None:
        return {}
    return {
        "agent_name": profile_of(user).agent_name,
        "forwarding": status_line(number) if number.voicemail_enabled else None,
        "undo": codes_of(number).cancel if number.forwarding_enabled else (),
    }
