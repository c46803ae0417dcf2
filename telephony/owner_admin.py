"""Owners in the admin with their numbers, and whether the numbers keep an account."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin import ToLookAt, UserAdmin
from accounts.models import User
from telephony.errors import HasLiveNumber
from telephony.models import UserPhoneNumber
from telephony.owners import refuse_deletion


class NumberInline(ToLookAt, admin.TabularInline):  # type: ignore[type-arg]
    """An owner's numbers, the latest first."""

    model = UserPhoneNumber
    fields = ("phone_number", "status", "voicemail_mode", "twilio_phone_sid", "created_at")
    readonly_fields = fields
    ordering = ("-created_at",)
    show_change_link = True


class OwnerAdmin(UserAdmin):
    """The admin of users, which knows of no numbers, with what numbers say about them."""

    inlines = (NumberInline,)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*super().get_fields(request, obj), "deletion")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "deletion")

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
