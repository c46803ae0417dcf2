"""Numbers and calls in the admin, to look at.

A number is a paid contract and a call is a record: neither is made, changed or removed here.
What was said in a call stays out of the admin.
"""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin import ToLookAt
from telephony import owner_admin, phone_numbers
from telephony.end_reasons import EndReason
from telephony.errors import InvalidPhoneNumber
from telephony.models import Call, CallEvent, NumberEvent, Switch, SyncRun, UserPhoneNumber

__all__ = ["owner_admin"]  # registers itself


def as_stored(typed: str) -> str:
    """What to search for: the E.164 form of a number in any spelling, anything else as typed."""
    try:
        return phone_numbers.normalise(typed, "US")
    except InvalidPhoneNumber:
        return typed


class NumberEventInline(ToLookAt, admin.TabularInline):  # type: ignore[type-arg]
    """The steps of a number's life, and what the provider answered."""

    model = NumberEvent
    fields = ("at", "from_status", "to_status", "who", "provider_answer")


@admin.register(UserPhoneNumber)
class UserPhoneNumberAdmin(ToLookAt, admin.ModelAdmin):  # type: ignore[type-arg]
    """Numbers with their state; found by any spelling of the number, or by their owner."""

    list_display = (
        *("phone_number", "user", "status", "voicemail_mode"),
        *("forwarding_enabled", "twilio_phone_sid", "created_at"),
    )
    list_filter = ("status", "voicemail_mode", "country")
    search_fields = (
        "phone_number",
        "external_phone_number",
        "twilio_phone_sid",
        "user__email",
        "user__name",
    )
    search_help_text = "A number in any spelling, a provider id, or the owner's name or address."
    date_hierarchy = "created_at"
    list_select_related = ("user",)
    show_full_result_count = False
    inlines = (NumberEventInline,)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return super().get_search_results(request, queryset, as_stored(search_term))


@admin.register(SyncRun)
class SyncRunAdmin(ToLookAt, admin.ModelAdmin):  # type: ignore[type-arg]
    """What the comparisons with the provider found and did."""

    list_display = ("started_at", "finished_at", "step_count", "to_settle_by_hand", "error")
    date_hierarchy = "started_at"
    show_full_result_count = False

    @admin.display(description="steps")
    def step_count(self, run: SyncRun) -> int:
        """How many differences there were."""
        return len(run.steps)


class CallEventInline(ToLookAt, admin.TabularInline):  # type: ignore[type-arg]
    """What the carrier and the agent reported, without the raw payload."""

    model = CallEvent
    fields = ("received_at", "kind", "key")
    ordering = ("received_at",)


@admin.register(Call)
class CallAdmin(ToLookAt, admin.ModelAdmin):  # type: ignore[type-arg]
    """Calls with how they went; the stream's token is a secret and never shown."""

    list_display = (
        *("started_at", "from_number", "number", "owner", "call_type"),
        *("status", "ended_because", "duration_s", "simulated"),
    )
    list_filter = ("status", "direction", "call_type", "end_reason", "simulated")
    search_fields = ("from_number", "to_number", "call_sid", "owner__email", "owner__name")
    search_help_text = "A number in any spelling, a call's id, or the owner's name or address."
    date_hierarchy = "started_at"
    ordering = ("-started_at",)
    list_select_related = ("number", "owner")
    show_full_result_count = False
    exclude = ("stream_token", "stream_token_expires_at")
    inlines = (CallEventInline,)

    @admin.display(description="ended because", ordering="end_reason")
    def ended_because(self, call: Call) -> str:
        """The end reason in words; a dash while the call goes on."""
        return EndReason(call.end_reason).label if call.end_reason else "-"

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return super().get_search_results(request, queryset, as_stored(search_term))


@admin.register(Switch)
class SwitchAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """What is switched off, for one number or for all; deleting a row switches it on again."""

    list_display = ("kind", "number", "reason", "set_by", "set_at", "until")
    list_filter = ("kind",)
    fields = ("kind", "number", "reason", "until")
    autocomplete_fields = ("number",)
    list_select_related = ("number", "set_by")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Switch, form: Any, change: bool) -> None:
        """Note who it was."""
        obj.set_by = request.user  # type: ignore[assignment]  # nobody anonymous gets here
        super().save_model(request, obj, form, change)
