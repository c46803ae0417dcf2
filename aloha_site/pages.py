"""The front page: for visitors what Aloha is, for owners how things stand."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.scoped_views import in_own_rows
from aloha_site import onboarding
from telephony.numbers import active_number
from voicemail import inbox

LATEST = 5


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """`/`: the landing page, or the owner's home."""
    if not request.user.is_authenticated:
        return render(request, "site/landing.html")
    return _owner_home(request, request.user)


@in_own_rows
def _owner_home(request: HttpRequest, user: User) -> HttpResponse:
    messages = list(inbox.with_details(inbox.look_through(user))[:LATEST])
    waiting = inbox.who_waits(user)
    situation = onboarding.Situation(
        number=active_number(user),
        people_waiting=waiting.people,
        urgent_waiting=waiting.urgent,
        has_messages=bool(messages),
    )
    context = {
        "section": "home",
        "situation": situation,
        "headline": onboarding.headline(situation),
        "steps": onboarding.steps(situation),
        "steps_done": onboarding.steps_done(situation),
        "waiting": sorted(
            (message for message in messages if message.is_unread),
            key=lambda message: not message.is_urgent,
        ),
        "earlier": [message for message in messages if not message.is_unread],
    }
    return render(request, "site/home.html", context)
