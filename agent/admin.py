"""Owners' agents in the admin, to look at."""

from django.contrib import admin

from accounts.admin import ToLookAt
from agent.models import AgentProfile


@admin.register(AgentProfile)
class AgentProfileAdmin(ToLookAt, admin.ModelAdmin):  # type: ignore[type-arg]
    """How each owner's agent presents itself; owners change it on their settings page."""

    list_display = ("agent_name", "user", "voice", "language", "updated_at")
    list_filter = ("voice",)
    search_fields = ("agent_name", "user__email")
    list_select_related = ("user",)
    show_full_result_count = False
