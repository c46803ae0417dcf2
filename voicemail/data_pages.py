"""The owner's data: take it along, keep it for so long, have it forgotten."""

from collections.abc import AsyncIterator, Callable
from functools import wraps
from typing import Any

from channels.db import database_sync_to_async
from django.contrib import messages as notices
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.handlers.asgi import ASGIRequest
from django.http import (
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    StreamingHttpResponse,
)
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.requests import OwnerRequest
from accounts.scoped_views import in_own_rows
from telephony.numbers import active_number
from voicemail import erasing
from voicemail.exporting import export
from voicemail.keeping_forms import CloseAccountForm, ForgetCallerForm, KeepingForm
from voicemail.models import Erasure
from voicemail.own_phone import how_to_undo
from voicemail.retention import change_keeping, keeping_of

DataView = Callable[[OwnerRequest], HttpResponseBase]


def data_form(view: DataView) -> DataView:
    """A card's address: takes its form; whoever merely looks at it is led to the page."""

    @wraps(view)
    def respond(request: OwnerRequest) -> HttpResponseBase:
        if request.method in ("GET", "HEAD"):
            return redirect("own_data")
        if request.method != "POST":
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        return view(request)

    return login_required(respond)


@login_required
@in_own_rows
@require_safe
def own_data(request: OwnerRequest) -> HttpResponse:
    """Everything one can do with one's data; `?number=` fills in whom to forget."""
    return _page(request)


@data_form
def export_data(request: OwnerRequest) -> HttpResponseBase:
    """All of it as one zip."""
    pieces = export(request.user)
    response = StreamingHttpResponse(
        _in_threads(pieces) if isinstance(request, ASGIRequest) else pieces,
        content_type="application/zip",
    )
    name = f"aloha-{timezone.localdate():%Y-%m-%d}.zip"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


@data_form
@in_own_rows
def save_keeping(request: OwnerRequest) -> HttpResponse:
    """For how long."""
    form = KeepingForm(request.POST)
    if not form.is_valid():
        return _page(request, keeping_form=form)
    change_keeping(owner=request.user, **form.cleaned_data)
    notices.success(request, "Saved. What is older is erased within minutes.")
    return redirect("own_data")


@data_form
@in_own_rows
def forget_caller(request: OwnerRequest) -> HttpResponse:
    """Everything about one caller."""
    form = ForgetCallerForm(request.POST, country=_country(request.user))
    if not form.is_valid():
        return _page(request, forget_form=form)
    erasing.forget_caller(owner=request.user, phone_number=form.cleaned_data["phone_number"])
    notices.success(request, "This caller is being forgotten. It takes a few minutes.")
    return redirect("own_data")


@data_form
@in_own_rows
def close_account(request: OwnerRequest) -> HttpResponse:
    """The end of the account; the worker does the rest."""
    form = CloseAccountForm(request.POST, user=request.user)
    if not form.is_valid():
        return _page(request, close_form=form)
    erasing.close_account(owner=request.user)
    logout(request)
    notices.success(
        request, "Your account is closed. Your number is being released and your data erased."
    )
    return redirect("home")


def _page(request: OwnerRequest, **bound: Any) -> HttpResponse:
    audio_days, text_days = keeping_of(request.user)
    asked = {"phone_number": request.GET.get("number", "")}
    number = active_number(request.user)
    context = {
        "keeping_form": KeepingForm(initial={"audio_days": audio_days, "text_days": text_days}),
        "forget_form": ForgetCallerForm(initial=asked, country=None),
        "close_form": CloseAccountForm(user=request.user),
        "number": number,
        "how_to_undo": how_to_undo(number) if number and number.forwarding_enabled else "",
        "being_forgotten": Erasure.objects.filter(owner=request.user, done_at__isnull=True),
    }
    return render(request, "voicemail/data.html", context | bound)


def _country(user: User) -> str | None:
    number = active_number(user)
    return number.country if number else None


async def _in_threads(pieces: Any) -> AsyncIterator[bytes]:
    """The same for an event loop, which waits neither for the database nor for the storage."""
    next_piece = database_sync_to_async(lambda: next(pieces, None))
    while (piece := await next_piece()) is not None:
        yield piece
