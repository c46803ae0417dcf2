"""Acts of staff on one row: a page that says what will happen, a reason, then the act.

The pages open their own scopes, so that an act may ask the provider between two of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.admin_site import AlohaAdminSite
from accounts.audit import Who, who_acts
from accounts.audit_forms import ReasonForm
from accounts.row_security import staff_scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of an act, in a sentence, and where to go on."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowAction:
    """Something that staff do to one row.

    `act` gets the row, who acts, and the form's cleaned data; what it raises of `refusals` is
    told in its own words. Done twice, it does nothing the second time and says so.
    """

    name: str
    label: str
    permission: str
    warning: str
    act: Callable[[Any, Who, dict[str, Any]], Done]
    is_offered: Callable[[Any], bool]
    refusals: tuple[type[Exception], ...] = ()
    form: type[ReasonForm] = ReasonForm


class WithRowActions(admin.ModelAdmin):  # type: ignore[type-arg]
    """Offers `row_actions` as buttons on a row's page to those who may."""

    row_actions: ClassVar[Sequence[RowAction]] = ()
    change_form_template = "admin/row_with_actions.html"

    def get_urls(self) -> list[URLPattern]:
        site = cast("AlohaAdminSite", self.admin_site)
        opts = self.opts
        own = [
            path(
                f"<path:object_id>/{action.name}/",
                site.unscoped_view(partial(self.confirm, action=action)),
                name=f"{opts.app_label}_{opts.model_name}_{action.name}",
            )
            for action in self.row_actions
        ]
        return [*own, *super().get_urls()]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        offered = [
            (self.action_url(action, object_id), action)
            for action in self.row_actions
            if row is not None
            and request.user.has_perm(action.permission)
            and action.is_offered(row)
        ]
        context = {"offered_actions": offered, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def action_url(self, action: RowAction, object_id: str) -> str:
        """Where an action is confirmed."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_{action.name}"
        return reverse(f"admin:{name}", args=[object_id])

    def confirm(self, request: HttpRequest, object_id: str, *, action: RowAction) -> HttpResponse:
        """Say what will happen and ask why; then let it happen."""
        if not request.user.has_perm(action.permission):
            raise PermissionDenied
        with staff_scope():
            row = self.get_object(request, unquote(object_id))
            subject = str(row)
        if row is None:
            raise Http404
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        back = reverse(name, args=[object_id])
        return confirmed(
            request, self.admin_site, action=action, row=row, subject=subject, back=back
        )


def confirmed(
    request: HttpRequest,
    site: admin.AdminSite,
    *,
    action: RowAction,
    row: Any,
    subject: str,
    back: str,
) -> HttpResponse:
    """The page that asks why, or what the answered page leads to. Raises PermissionDenied."""
    if not request.user.has_perm(action.permission):
        raise PermissionDenied
    form = action.form(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect(_do(request, action, row, form.cleaned_data) or back)
    with staff_scope():
        context = {
            **site.each_context(request),
            "title": action.label,
            "subtitle": subject,
            "action": action,
            "form": form,
            "back": back,
        }
        return TemplateResponse(request, "admin/confirm_action.html", context).render()


def _do(request: HttpRequest, action: RowAction, row: Any, given: dict[str, Any]) -> str:
    """Where to go on, blank for back; what came of it is told there."""
    try:
        done = action.act(row, who_acts(request, reason=given["reason"]), given)
    except action.refusals as refusal:
        messages.error(request, str(refusal))
        return ""
    if done.text:
        messages.success(request, done.text)
    return done.url
