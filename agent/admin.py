"""Owners' agents in the admin, to look at."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from agent.models import AgentProfile


@admin.register(AgentProfile)
class AgentProfileAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """How each owner's agent presents itself; owners change it on their settings page."""

    list_display = ("agent_name", "user", "voice", "language", "updated_at")
    list_filter = ("voice",)
    search_fields = ("agent_name", "user__email")
    list_select_related = ("user",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
