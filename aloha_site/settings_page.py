"""The settings page: cards of several rooms, each with its own form and its own address."""

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages as notices
from django.contrib.auth.decorators import login_required
from django.forms.models import model_to_dict
from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.requests import OwnerRequest
from accounts.row_security import user_scope
from accounts.scoped_views import in_own_rows
from agent import voice_samples
from agent.backends.base import get_backend as get_agent_backend
from agent.errors import ProfileError
from agent.forms import AboutForm, AgentNameForm, VoiceForm
from agent.greetings import ASKS, SOMEBODY, greeting_preview
from agent.profiles import change_profile, profile_of
from aloha_site.number_search import NumberSearch
from telephony.backends.base import get_backend as get_telephony_backend
from telephony.errors import NumberError, TelephonyError
from telephony.forms import NumberSearchForm, ReleaseNumberForm, TakeNumberForm
from telephony.models import NumberStatus, UserPhoneNumber, VoicemailMode
from telephony.numbers import active_number, current_number, purchase_number, release_number
from telephony.phone_numbers import national
from voicemail.callers import number_as_read_in
from voicemail.errors import SettingsError
from voicemail.forms import MODES, VoicemailForm
from voicemail.forwarding_state import status_line
from voicemail.notification_forms import WANTED, NotificationForm
from voicemail.notifications import change_preference, preference_of
from voicemail.own_phone import codes_of, how_to_undo, save_own_phone
from voicemail.preferences import NOT_GIVEN, VoicemailChanges, change_voicemail_settings

CardView = Callable[[OwnerRequest], HttpResponse]

# Beside a number in these states there is nothing to look for, unless it is to be replaced.
_NO_SEARCH = (NumberStatus.ACTIVE, NumberStatus.PURCHASING)


NEXT_FORWARDING = (
    "Next, let your own phone send the calls you miss here: "
    '<a href="{}?step=code" data-wizard-open>set up forwarding</a>.'
)


def settings_card(anchor: str) -> Callable[[CardView], CardView]:
    """A card's address: takes its form; whoever merely looks at it is led to the card."""

    def decorate(view: CardView) -> CardView:
        @wraps(view)
        def respond(request: OwnerRequest) -> HttpResponse:
            if request.method in ("GET", "HEAD"):
                return _to_card(anchor)
            if request.method != "POST":
                return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
            return view(request)

        return login_required(respond)

    return decorate


@login_required
@require_safe
def settings_page(request: OwnerRequest) -> HttpResponse:
    """All cards; with `?find=...` also what was looked for, and the number that was chosen."""
    number = current_number(request.user)
    if number and number.status in _NO_SEARCH and request.GET.get("replace") != "on":
        return _page(request)
    return _page(request, search=NumberSearch.from_query(request.user, request.GET))


@settings_card("number")
def take_number(request: OwnerRequest) -> HttpResponse:
    """Take the number whose button was pressed."""
    form = TakeNumberForm(request.POST)
    search = NumberSearch(
        form=NumberSearchForm(initial=request.POST.dict()),
        replace=request.POST.get("replace") == "on",
    )
    if not form.is_valid():
        search.trouble = "This is not a number that can be taken; choose one from the list."
        return _page(request, search=search)
    wanted = form.cleaned_data
    try:
        number = purchase_number(user=request.user, **wanted)
    except TelephonyError as error:
        search.refuse(
            request.user, error, phone_number=wanted["phone_number"], country=wanted["country"]
        )
        return _page(request, search=search)
    if number.status == NumberStatus.ACTIVE:
        _notice(request, "number", f"{national(number.phone_number)} is yours and answers now.")
    elif number.status != NumberStatus.PURCHASING:
        _notice(request, "number", f"{national(number.phone_number)} was released since.")
    return _to_card("number")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def release(request: OwnerRequest) -> HttpResponse:
    """Ask for the last digits, then give the number back; a second attempt needs no digits."""
    number = current_number(request.user)
    if number is not None and number.status == NumberStatus.RELEASING:
        return _give_back(request) if request.method == "POST" else _to_card("number")
    if number is None or number.status != NumberStatus.ACTIVE:
        _notice(request, "number", "There is no number to release.")
        return _to_card("number")
    form = ReleaseNumberForm(request.POST or None, phone_number=number.phone_number)
    if form.is_valid():
        return _give_back(request)
    with user_scope(request.user.pk):
        codes = codes_of(number)
    context = {"section": "settings", "number": number, "form": form, "codes": codes}
    return render(request, "site/release.html", context)


def _give_back(request: OwnerRequest) -> HttpResponse:
    """Release the number; when the provider does not confirm it, the card says so."""
    try:
        number = release_number(user=request.user)
    except NumberError as error:
        return _page(request, refused="Nothing was released", refusal=str(error))
    if number.status == NumberStatus.RELEASING:
        return _page(request, unconfirmed=number)
    _notice(request, "number", f"{national(number.phone_number)} is released.")
    return _to_card("number")


@settings_card("voicemail")
@in_own_rows
def save_voicemail(request: OwnerRequest) -> HttpResponse:
    """Whether and how Aloha takes missed calls."""
    number = active_number(request.user)
    if number is None:
        _notice(request, "number", "Choose a number first.")
        return _to_card("number")
    form = VoicemailForm(request.POST, number=number)
    forwarded_before, answered_before = number.forwarding_enabled, number.voicemail_enabled
    if form.is_valid():
        try:
            number = change_voicemail_settings(number=number, changes=_voicemail_changes(form))
            if form.cleaned_data.get("carrier"):
                save_own_phone(request.user.pk, carrier=form.cleaned_data["carrier"])
        except SettingsError as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        except NumberError as error:
            form.add_error(None, str(error))
    undo = how_to_undo(number) if forwarded_before and not number.forwarding_enabled else ""
    begins = number.voicemail_enabled and not answered_before
    more = format_html(NEXT_FORWARDING, reverse("forwarding")) if begins else undo
    return _saved(request, "voicemail", form, more=more)


@settings_card("agent")
def save_agent_name(request: OwnerRequest) -> HttpResponse:
    """How the agent introduces itself."""
    form = AgentNameForm(request.POST)
    return _save_profile(request, "agent", form)


@settings_card("voice")
def save_voice(request: OwnerRequest) -> HttpResponse:
    """Which voice callers hear."""
    return _save_profile(request, "voice", VoiceForm(request.POST))


@settings_card("about")
def save_about(request: OwnerRequest) -> HttpResponse:
    """What the agent may tell callers."""
    return _save_profile(request, "about", AboutForm(request.POST))


@settings_card("notifications")
@in_own_rows
def save_notifications(request: OwnerRequest) -> HttpResponse:
    """Which messages the owner gets e-mail about."""
    form = NotificationForm(request.POST)
    if form.is_valid():
        try:
            change_preference(user=request.user, **form.cleaned_data)
        except SettingsError as error:
            form.add_error(error.field, str(error))
    return _saved(request, "notifications", form)


def _save_profile(request: OwnerRequest, card: str, form: forms.BaseForm) -> HttpResponse:
    if form.is_valid():
        try:
            with user_scope(request.user.pk):
                change_profile(user=request.user, **form.cleaned_data)
        except ProfileError as error:
            form.add_error(error.field, str(error))
    return _saved(request, card, form)


def _voicemail_changes(form: VoicemailForm) -> VoicemailChanges:
    external = form.cleaned_data["external_phone_number"]
    if not form.cleaned_data["voicemail_enabled"]:
        return VoicemailChanges(voicemail_enabled=False, external_phone_number=external)
    return VoicemailChanges(
        voicemail_enabled=True,
        voicemail_mode=VoicemailMode(
            form.cleaned_data["voicemail_mode"] or VoicemailMode.VOICEMAIL_ONLY
        ),
        external_phone_number=external,
        forwarding_enabled=form.cleaned_data.get("forwarding_enabled", NOT_GIVEN),
    )


def _saved(
    request: OwnerRequest, card: str, form: forms.BaseForm, *, more: str = ""
) -> HttpResponse:
    """Back to the card, or the page with what was typed and what is wrong with it."""
    if form.errors:
        return _page(request, **{f"{card}_form": form})
    _notice(request, card, format_html("Saved. {}", more) if more else "Saved.")
    return _to_card(card)


def _notice(request: OwnerRequest, card: str, text: str) -> None:
    """A sentence that the next page shows inside the card, where the browser scrolls to."""
    notices.success(request, text, extra_tags=card)


def _to_card(card: str) -> HttpResponse:
    return redirect(f"{reverse('settings')}#{card}")


def _page(request: OwnerRequest, **bound: Any) -> HttpResponse:
    """Whoever may look for a number gets the form, for which the provider may be asked."""
    number = current_number(request.user)
    if "search" not in bound and (number is None or number.status not in _NO_SEARCH):
        bound["search"] = NumberSearch(form=NumberSearchForm())
    return _show(request, **bound)


@in_own_rows
def _show(request: OwnerRequest, **bound: Any) -> HttpResponse:
    profile = profile_of(request.user)
    number = current_number(request.user)
    context: dict[str, Any] = {
        "section": "settings",
        "number": number,
        "numbers_on_their_way_out": UserPhoneNumber.objects.for_user(request.user).filter(
            status=NumberStatus.RELEASING
        ),
        "numbers_are_simulated": get_telephony_backend().is_simulated,
        "can_speak_freely": get_agent_backend().can_speak_freely,
        "voice_samples": voice_samples.rendered(),
        "built_in_sample": voice_samples.BUILT_IN,
        "modes": MODES,
        "wanted": WANTED,
        "purchase_key": uuid.uuid4(),
        "agent_form": AgentNameForm(initial=model_to_dict(profile)),
        "voice_form": VoiceForm(initial=model_to_dict(profile)),
        "about_form": AboutForm(initial=model_to_dict(profile)),
        "notifications_form": NotificationForm(
            initial=model_to_dict(preference_of(request.user), exclude=["owner"])
        ),
    }
    if number is not None and number.status == NumberStatus.ACTIVE:
        context["voicemail_form"] = _voicemail_form(number)
        context["forwarding"] = status_line(number)
        context["codes"] = codes_of(number)
        context["release_form"] = ReleaseNumberForm(phone_number=number.phone_number)
    context |= bound
    context["greeting"] = _greeting(request.user, number, context["agent_form"])
    return render(request, "site/settings.html", context)


def _greeting(user: User, number: UserPhoneNumber | None, form: AgentNameForm) -> dict[str, str]:
    """How callers will be greeted, after what stands in the form."""
    answers = bool(number and number.voicemail_mode == VoicemailMode.RECEPTIONIST)
    owner = user.name or SOMEBODY
    preview = greeting_preview(
        agent_name=form["agent_name"].value() or "",
        owner_name=owner,
        greeting=form["greeting"].value() or "",
        only_messages=not answers,
    )
    return {"preview": preview, "owner": owner, "ask": ASKS[answers]}


def _voicemail_form(number: UserPhoneNumber) -> VoicemailForm:
    mode = number.voicemail_mode if number.voicemail_enabled else VoicemailMode.VOICEMAIL_ONLY
    initial = {
        "voicemail_enabled": number.voicemail_enabled,
        "voicemail_mode": mode,
        "external_phone_number": number_as_read_in(
            number.country, number.external_phone_number or ""
        ),
        "forwarding_enabled": number.forwarding_enabled,
        "carrier": codes_of(number).choice,
    }
    return VoicemailForm(initial=initial, number=number)
