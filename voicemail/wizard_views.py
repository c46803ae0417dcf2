"""The forwarding wizard: a page, and the same inside a dialog on the settings page."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.requests import OwnerRequest
from accounts.row_security import user_scope
from accounts.scoped_views import in_own_rows
from telephony.errors import NumberError, ProviderError
from telephony.models import UserPhoneNumber
from telephony.numbers import active_number
from voicemail import forwarding
from voicemail.callers import number_as_read_in
from voicemail.errors import CheckError, SettingsError
from voicemail.own_phone import save_own_phone
from voicemail.preferences import NOT_GIVEN, VoicemailChanges, change_voicemail_settings
from voicemail.wizard import CODE, PROOF, wizard_of
from voicemail.wizard_forms import CheckForm, OwnPhoneForm

FormView = Callable[[OwnerRequest, UserPhoneNumber], HttpResponse]


def wizard_form(view: FormView) -> Callable[..., HttpResponse]:
    """A form of the wizard: for owners whose number takes messages; others are led to settings."""

    @login_required
    @wraps(view)
    def respond(request: OwnerRequest) -> HttpResponse:
        if request.method in ("GET", "HEAD"):
            return redirect(f"{reverse('settings')}#voicemail")
        if request.method != "POST":
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        with user_scope(request.user.pk):
            number = active_number(request.user)
        if number is None or not number.voicemail_enabled:
            return redirect("forwarding")
        return view(request, number)

    return respond


@login_required
@require_safe
@in_own_rows
def forwarding_page(request: OwnerRequest) -> HttpResponse:
    """The wizard where the owner left it, or at `?step=`."""
    return _page(request, active_number(request.user), step=request.GET.get("step", ""))


@wizard_form
@in_own_rows
def save_phone(request: OwnerRequest, number: UserPhoneNumber) -> HttpResponse:
    """Keep number, carrier and kind of the owner's phone; the code follows from them."""
    return _save_phone(request, number, step=CODE)


@wizard_form
@in_own_rows
def confirm(request: OwnerRequest, number: UserPhoneNumber) -> HttpResponse:
    """The owner says that she has dialled the code."""
    return _save_phone(request, number, step=PROOF, is_confirmed=True)


@wizard_form
def check_now(request: OwnerRequest, number: UserPhoneNumber) -> HttpResponse:
    """Ring the owner's phone; no scope stands open while the provider is asked."""
    form = CheckForm(request.POST)
    with user_scope(request.user.pk):
        if number.is_simulated and form.is_valid() and form.cleaned_data["simulated_phone"]:
            save_own_phone(request.user.pk, simulated_phone=form.cleaned_data["simulated_phone"])
    try:
        forwarding.start_check(number=number, now=timezone.now())
    except (CheckError, NumberError, ProviderError) as error:
        with user_scope(request.user.pk):
            return _page(request, active_number(request.user), step=PROOF, refusal=str(error))
    return _to_step(PROOF)


@wizard_form
def stop(request: OwnerRequest, number: UserPhoneNumber) -> HttpResponse:
    """Hang up on the owner's phone."""
    forwarding.stop_check(number=number, now=timezone.now())
    return _to_step(PROOF)


def _save_phone(
    request: OwnerRequest, number: UserPhoneNumber, *, step: str, is_confirmed: bool = False
) -> HttpResponse:
    form = OwnPhoneForm(request.POST, number=number)
    if form.is_valid():
        changes = VoicemailChanges(
            external_phone_number=form.cleaned_data["external_phone_number"],
            forwarding_enabled=True,
            forwarding_confirmed=True if is_confirmed else NOT_GIVEN,
        )
        try:
            change_voicemail_settings(number=number, changes=changes)
        except SettingsError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            save_own_phone(
                request.user.pk,
                carrier=form.cleaned_data["carrier"],
                kind=form.cleaned_data["kind"],
            )
    if form.errors:
        return _page(request, number, step=CODE, form=form)
    return _to_step(step)


def _to_step(step: str) -> HttpResponse:
    return redirect(f"{reverse('forwarding')}?step={step}")


def _page(
    request: OwnerRequest, number: UserPhoneNumber | None, *, step: str, **more: Any
) -> HttpResponse:
    """The page, or only the wizard for a script that puts it into the dialog."""
    context: dict[str, Any] = {"section": "settings", "wizard": None, "number": number}
    if number is not None:
        written = number_as_read_in(number.country, number.external_phone_number or "")
        context["own_phone"] = written
        context["wizard"] = wizard_of(number, step=step, now=timezone.now())
        context["form"] = OwnPhoneForm.of_owner(number, written=written)
    is_part = request.headers.get("X-Requested-With") == "fetch"
    template = "voicemail/_wizard.html" if is_part else "voicemail/wizard.html"
    return render(request, template, context | {"in_dialog": is_part} | more)
