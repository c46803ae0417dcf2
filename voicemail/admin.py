"""Messages in the admin: how far each has got, never what it says."""

from django.contrib import admin

from accounts.admin import ToLookAt
from voicemail.models import ForwardingCheck, Message


@admin.register(Message)
class MessageAdmin(ToLookAt, admin.ModelAdmin):  # type: ignore[type-arg]
    """The worker's progress; what callers left is for the owner only."""

    list_display = ("created_at", "call", "owner", "stage", "attempts", "last_error")
    list_filter = ("stage",)
    search_fields = ("call__call_sid", "call__owner__email")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    list_select_related = ("call__owner",)
    show_full_result_count = False
    fields = ("call", "stage", "next_step_at", "attempts", "last_error", "created_at")

    @admin.display(ordering="call__owner__email")
    def owner(self, message: Message) -> str:
        """Whose inbox it is in."""
        return message.call.owner.email


@admin.register(ForwardingCheck)
class ForwardingCheckAdmin(ToLookAt, admin.ModelAdmin):  # type: ignore[type-arg]
    """Tests of owners' forwarding: when, how they ended, and the call behind them."""

    list_display = ("started_at", "owner", "number", "outcome", "finished_at", "refusal")
    list_filter = ("outcome",)
    search_fields = ("number__phone_number", "phone_number", "number__user__email")
    date_hierarchy = "started_at"
    list_select_related = ("number__user",)
    show_full_result_count = False

    @admin.display(ordering="number__user__email")
    def owner(self, check: ForwardingCheck) -> str:
        """Whose phone was rung."""
        return check.number.user.email
