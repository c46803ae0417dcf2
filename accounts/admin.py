"""Owners and staff in the admin, and what staff did."""

import re
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest

from accounts import audit
from accounts.account_form import AccountForm, acts_of
from accounts.csv_export import ExportsRows
from accounts.models import AuditEvent, User

admin.site.site_header = "Aloha support"
admin.site.site_title = "Aloha"
admin.site.index_title = "Support"

# Staff log in where everybody does: the admin's own form knows neither limits nor second factors.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

# allauth shows second factors there, secrets included, and log-in addresses, which mails to reset
# a password follow; both are the owner's own matter.
admin.site.unregister([Authenticator, EmailAddress, UserSession])


_TYPED_NUMBER = re.compile(r"[\d\s()+./-]{7,}")


class ToLookAt:
    """Nothing is added, changed or deleted."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """People are found and blocked here; they sign up themselves and set their own passwords."""

    form = AccountForm

    list_display = ("email", "name", "is_staff", "is_active", "date_joined")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "name", "phone_numbers__phone_number")
    search_help_text = "A name, an e-mail address, or a number in any spelling."
    ordering = ("-date_joined",)
    show_full_result_count = False
    fields = ("email", "name", "time_zone", "is_active", "is_staff", "is_superuser", "groups")
    filter_horizontal = ("groups",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """A number is looked for by its digits alone, however it is typed."""
        if _TYPED_NUMBER.fullmatch(search_term):
            search_term = re.sub(r"\D", "", search_term).removeprefix("00")
        return super().get_search_results(request, queryset, search_term)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whoever may change something is asked why."""
        return (*self.fields, *(["reason"] if self.has_change_permission(request, obj) else []))

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Write down what changed, in the transaction of the change."""
        super().save_model(request, obj, form, change)
        who = audit.who_acts(request, reason=form.cleaned_data["reason"])
        for act in acts_of(form):
            audit.record(who, act, owner=obj, target=obj)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Rights are given by superusers only, and log-in addresses are the owners' own matter."""
        return ("email",) if request.user.is_superuser else (*self.fields[:3], *self.fields[4:])


@admin.register(AuditEvent)
class AuditEventAdmin(ToLookAt, ExportsRows):
    """Who did or looked at what, when, from where and why; nothing in it can be changed."""

    list_display = ("at", "who", "action", "whose", "target_type", "target_id", "reason")
    list_filter = ("action", "target_type")
    search_fields = ("actor__email", "owner__email", "target_id", "reason")
    search_help_text = "An address, the id of a call, number or message, or words of the reason."
    date_hierarchy = "at"
    show_full_result_count = False
    fields = (
        *("at", "who", "action", "whose", "target_type", "target_id"),
        *("reason", "ip", "request_id"),
    )
    readonly_fields = ("who", "whose")
    export_columns = (
        *("at", "actor_id", "action", "owner_id", "target_type", "target_id"),
        *("reason", "ip", "request_id"),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the addresses of those whose accounts are still there; an event outlives them."""
        return (
            super()
            .get_queryset(request)
            .annotate(actor_email=_email_of("actor_id"), owner_email=_email_of("owner_id"))
        )

    @admin.display(ordering="actor_email")
    def who(self, event: Any) -> str:
        """The member of staff; the id where the account is gone."""
        return str(event.actor_email or event.actor_id)

    @admin.display(description="whose data", ordering="owner_email")
    def whose(self, event: Any) -> str:
        """The owner concerned; the id where the account is gone, a dash for everybody's."""
        return str(event.owner_email or event.owner_id or "-")


def _email_of(column: str) -> Subquery:
    return Subquery(User.objects.filter(pk=OuterRef(column)).values("email"))
