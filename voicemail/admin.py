"""Messages in the admin: how far each has got, never what it says."""

from django.contrib import admin

from accounts.admin import ToLookAt
from voicemail.models import Message


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
