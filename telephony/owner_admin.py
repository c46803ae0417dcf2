"""Owners in the admin with their numbers, and whether the numbers keep an account."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin import ToLookAt, UserAdmin
from accounts.models import User
from telephony.admin_glances import age_of, last_calls
from telephony.errors import HasLiveNumber
from telephony.models import UserPhoneNumber
from telephony.numbers import active_number
from telephony.owners import refuse_deletion


class NumberInline(ToLookAt, admin.TabularInline):  # type: ignore[type-arg]
    """An owner's numbers, the latest first."""

    model = UserPhoneNumber
    fields = ("phone_number", "status", "voicemail_mode", "twilio_phone_sid", "created_at")
    readonly_fields = fields
    ordering = ("-created_at",)
    show_change_link = True


class OwnerAdmin(UserAdmin):
    """The admin of users, which knows of no numbers, with what numbers and calls say about them."""

    inlines = (NumberInline,)
    own_facts = ("forwarding_proof", "latest_calls", "deletion")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*super().get_fields(request, obj), *self.own_facts)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), *self.own_facts)

    @admin.display(description="forwarding proof")
    def forwarding_proof(self, user: User) -> str:
        """When a test call last came through to the active number."""
        number = active_number(user)
        if number is None:
            return "no active number"
        return age_of(number.forwarding_verified_at, none="never proven")

    @admin.display(description="last calls")
    def latest_calls(self, user: User) -> str:
        """The last twenty with their end reasons."""
        return last_calls(user.calls.all())

    @admin.display(description="deletion")
    def deletion(self, user: User) -> str:
        """A sentence about what stands in the way."""
        try:
            refuse_deletion(user)
        except HasLiveNumber as refusal:
            return str(refusal)
        return "No live number stands in the way."


admin.site.unregister(User)
admin.site.register(User, OwnerAdmin)
