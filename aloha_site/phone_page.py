"""Talk to Aloha: the owner's number called from the browser."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import OwnerRequest
from accounts.scoped_views import in_own_rows
from agent.backends.base import get_backend as get_agent_backend
from agent.profiles import profile_of
from aloha_site.phone_call import MICROPHONE_NUMBER
from telephony.numbers import active_number
from telephony.simulator import callers

SCRIPTS = {
    "customer": "A customer whose boiler leaks",
    "friend": "A friend about dinner",
    "wrong_number": "Somebody with the wrong number",
    "silent": "Somebody who says nothing",
}


@login_required
@require_safe
@in_own_rows
def phone_page(request: OwnerRequest) -> HttpResponse:
    """The phone: who calls, both sides of the line, what was said."""
    profile = profile_of(request.user)
    speaks_freely = get_agent_backend().can_speak_freely
    context = {
        "section": "settings",
        "number": active_number(request.user),
        "agent_name": profile.agent_name,
        "voice": profile.voice.capitalize() if speaks_freely else "Built in",
        "microphone_number": MICROPHONE_NUMBER,
        "scripts": [
            (name, label, callers.load_script(name).from_number) for name, label in SCRIPTS.items()
        ],
        "keys": "123456789*0#",
    }
    return render(request, "site/phone.html", context)
