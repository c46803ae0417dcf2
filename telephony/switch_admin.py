"""What staff have switched off, in the admin.

Calling people is switched off here and on again by a button that asks why. The agent is taken off
on the front page or on a number's page: its rows are only looked at.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import Field, ForeignKey
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import audit
from accounts.admin_actions import Done, RowAction, WithRowActions
from accounts.audit import Who
from accounts.audit_forms import ReasonForm
from telephony import support
from telephony.models import Switch

LIST = "admin:telephony_switch_changelist"
ON_ALREADY = "Outgoing calls are on already."


class NumberSelect(AutocompleteSelect):
    """Looks for no number by what is no key of one: Django's own fails over it."""

    def optgroups(self, name: str, value: Sequence[str], attr: dict[str, Any] | None = None) -> Any:
        return super().optgroups(name, [key for key in value if _is_key(key)], attr)


def _is_key(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


class SwitchForm(forms.ModelForm, ReasonForm):  # type: ignore[type-arg]
    """What is off, for whom and until when, with the reason that owners read."""

    class Meta:
        model = Switch
        fields = ("kind", "number", "reason", "until")


def _on(switch: Switch, who: Who, given: dict[str, Any]) -> Done:
    if switch.kind != Switch.Kind.OUTBOUND:
        return Done(text="The agent is given calls back on the number's page or the front page.")
    is_new = support.allow_calling(switch, who)
    text = "Outgoing calls are on again." if is_new else ON_ALREADY
    return Done(text=text, url=reverse(LIST))


SWITCH_ON = RowAction(
    name="on",
    label="Switch on again",
    permission="telephony.delete_switch",
    warning="Agents may call people again.",
    act=_on,
    is_offered=lambda switch: switch.kind == Switch.Kind.OUTBOUND,
)


@admin.register(Switch)
class SwitchAdmin(WithRowActions):
    """What is switched off, for one number or for all."""

    form = SwitchForm
    list_display = ("kind", "number", "reason", "set_by", "set_at", "until")
    list_filter = ("kind",)
    fields = ("kind", "number", "reason", "until")
    autocomplete_fields = ("number",)
    list_select_related = ("number", "set_by")
    row_actions = (SWITCH_ON,)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        kwargs["widget"] = NumberSelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_choice_field(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Only calling people is switched off by hand."""
        only = Switch.Kind.OUTBOUND
        kwargs |= {"choices": [(only.value, only.label)], "initial": only.value}
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Switch, form: Any, change: bool) -> None:
        """Note who it was and write it down."""
        obj.set_by = request.user  # type: ignore[assignment]  # nobody anonymous gets here
        super().save_model(request, obj, form, change)
        who = audit.who_acts(request, reason=obj.reason)
        owner = obj.number.user if obj.number else None
        audit.record(who, support.STOPPED_CALLING, owner=owner, target=obj.number)

    def confirm(self, request: HttpRequest, object_id: str, *, action: RowAction) -> HttpResponse:
        """A form that is sent again finds no row any more."""
        try:
            return super().confirm(request, object_id, action=action)
        except Http404:
            if request.method != "POST":
                raise
        messages.success(request, ON_ALREADY)
        return redirect(LIST)
