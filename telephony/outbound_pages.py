"""The pages for calling people: the form, the terms, and who is never called."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from accounts.requests import OwnerRequest
from accounts.row_security import user_scope
from accounts.scoped_views import in_own_rows
from telephony import do_not_call, outbound
from telephony.backends.base import get_backend
from telephony.campaigns import campaigns_of
from telephony.errors import TelephonyError
from telephony.models import Call, DoNotCall
from telephony.numbers import active_number
from telephony.outbound_errors import (
    CallRunning,
    CampaignNotFound,
    NotReadyToCall,
    OutboundTermsNeeded,
)
from telephony.outbound_forms import CallForm, DoNotCallForm, TermsForm, posted
from telephony.phone_numbers import national

LATEST = 8
ENTRIES_PER_PAGE = 50


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def call_page(request: OwnerRequest) -> HttpResponse:
    """Call somebody, and see how the last calls went."""
    with user_scope(request.user.pk):
        campaigns = list(campaigns_of(request.user).filter(is_active=True))
    initial = {"key": uuid.uuid4(), "campaign_id": request.GET.get("campaign")}
    form = CallForm(posted(request), campaigns=campaigns, initial=initial)
    if form.is_valid():
        # Outside every scope: the provider is asked.
        try:
            call = outbound.place_call(user=request.user, **form.cleaned_data)
        except OutboundTermsNeeded:
            return redirect("outbound_terms")
        except TelephonyError as error:
            form.add_error(_field_of(error), str(error))
            if not isinstance(error, CallRunning):  # it may be this very request's
                form.ask_anew()
        else:
            _tell_placed(request, call)
            return redirect("call_somebody")
    return _page(request, form)


def _field_of(error: TelephonyError) -> str | None:
    """The field that a refusal is about; None when it is about the call as a whole."""
    if isinstance(error, CampaignNotFound):
        return "campaign_id"
    of_the_whole = {
        *("daily_calls_used", "daily_minutes_used", "all_calls_used", "call_running", "no_number"),
        *("provider_busy", "provider_refused", "idempotency_key_reused"),
    }
    if isinstance(error, NotReadyToCall) or error.code in of_the_whole:
        return None
    return "phone_number"


def _tell_placed(request: OwnerRequest, call: Call) -> None:
    if call.call_sid:
        notices.success(request, f"Calling {national(call.to_number)}.")
    else:
        notices.warning(
            request,
            f"The phone provider has not said whether {national(call.to_number)} rings. "
            "It shows below within two minutes; there is no need to call again.",
        )


def _page(request: OwnerRequest, form: CallForm) -> HttpResponse:
    with user_scope(request.user.pk):
        context = {
            "section": "outbound",
            "page_name": "call",
            "form": form,
            "number": active_number(request.user),
            "calls": outbound.latest_calls(request.user, LATEST),
            "is_simulated": get_backend().is_simulated,
            "needs_terms": outbound.needs_terms(request.user),
        }
        return render(request, "telephony/call.html", context)


@login_required
@in_own_rows
@require_http_methods(["GET", "HEAD", "POST"])
def terms_page(request: OwnerRequest) -> HttpResponse:
    """What an owner takes on who has people called; accepted once."""
    form = TermsForm(posted(request))
    if form.is_valid():
        outbound.accept_terms(request.user)
        notices.success(request, "Accepted. You can call now.")
        return redirect("call_somebody")
    context = {
        "section": "outbound",
        "form": form,
        "accepted": outbound.accepted_terms(request.user),
        "first_hour": settings.OUTBOUND_FIRST_HOUR,
        "last_hour": settings.OUTBOUND_LAST_HOUR,
    }
    return render(request, "telephony/outbound_terms.html", context)


@login_required
@in_own_rows
@require_http_methods(["GET", "HEAD", "POST"])
def do_not_call_page(request: OwnerRequest) -> HttpResponse:
    """Who is never called, and a form to add a number."""
    number = active_number(request.user)
    form = DoNotCallForm(posted(request), country=number.country if number else None)
    if form.is_valid():
        added = form.cleaned_data["phone_number"]
        do_not_call.add_number(user=request.user, phone_number=added)
        notices.success(request, f"{national(added)} will not be called.")
        return redirect("do_not_call")
    entries = Paginator(DoNotCall.objects.filter(owner=request.user), ENTRIES_PER_PAGE)
    context: dict[str, Any] = {
        "section": "outbound",
        "page_name": "do_not_call",
        "form": form,
        "page": entries.get_page(request.GET.get("page")),
    }
    return render(request, "telephony/do_not_call.html", context)


@login_required
@in_own_rows
@require_POST
def remove_do_not_call(request: OwnerRequest, entry_id: int) -> HttpResponse:
    """Take a number off the list that the owner put there; others' wishes stay."""
    if not do_not_call.remove_number(user=request.user, entry_id=entry_id):
        raise Http404
    notices.success(request, "Removed from the list.")
    return redirect("do_not_call")
