"""Numbers and calls in the admin, to look at and to act upon by buttons that ask why.

A number is a paid contract and a call is a record: neither is made, changed or removed here.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count
from django.http import HttpRequest

from accounts.admin import ToLookAt
from accounts.admin_actions import RowAction, WithRowActions
from accounts.csv_export import ExportsRows
from telephony import owner_admin, support, switch_admin
from telephony.admin_glances import age_of, as_stored, last_calls, last_sync
from telephony.end_reasons import EndReason
from telephony.failure_causes import cause_of
from telephony.models import (
    Call,
    CallEvent,
    Campaign,
    DoNotCall,
    NumberEvent,
    SyncRun,
    UserPhoneNumber,
)
from telephony.support_actions import CALL_ACTIONS, NUMBER_ACTIONS

__all__ = ["owner_admin", "switch_admin"]  # register themselves


class NumberEventInline(ToLookAt, admin.TabularInline):  # type: ignore[type-arg]
    """The steps of a number's life, and what the provider answered."""

    model = NumberEvent
    fields = ("at", "from_status", "to_status", "who", "provider_answer")


@admin.register(UserPhoneNumber)
class UserPhoneNumberAdmin(ToLookAt, WithRowActions, ExportsRows):
    """Numbers with their state; found by any spelling of the number, or by their owner."""

    list_display = (
        *("phone_number", "user", "status", "voicemail_mode"),
        *("forwarding_enabled", "twilio_phone_sid", "created_at"),
    )
    list_filter = ("status", "voicemail_mode", "country")
    row_actions = NUMBER_ACTIONS
    export_columns = (
        *("phone_number", "user__email", "status", "voicemail_mode", "country", "area_code"),
        *("forwarding_enabled", "forwarding_verified_at", "twilio_phone_sid", "created_at"),
    )
    fields = (
        *("user", "phone_number", "status", "twilio_phone_sid", "country", "area_code"),
        *("voicemail_mode", "external_phone_number", "forwarding_enabled", "proof"),
        *("classic_forced", "calls_go_to", "provider_looked_at", "created_at", "updated_at"),
        "latest_calls",
    )
    readonly_fields = (
        *("proof", "classic_forced", "calls_go_to", "provider_looked_at", "latest_calls"),
    )
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

    @admin.display(description="forwarding proof")
    def proof(self, number: UserPhoneNumber) -> str:
        """When a test call or a forwarded call last came through."""
        return age_of(number.forwarding_verified_at, none="never proven")

    @admin.display(description="classic voicemail forced")
    def classic_forced(self, number: UserPhoneNumber) -> str:
        """Whether staff took the agent off this number, or off all."""
        if support.is_forced_classic(None):
            return "yes, for all numbers"
        return "yes, for this number" if support.is_forced_classic(number) else "no"

    @admin.display(description="calls go to")
    def calls_go_to(self, number: UserPhoneNumber) -> str:
        """Where the provider sends its calls, and what is left to settle about it."""
        drift = f", {number.sync_attempts} attempts to settle" if number.sync_attempts else ""
        return f"{number.webhook_base_url or 'not known'}{drift}"

    @admin.display(description="last comparison with the provider")
    def provider_looked_at(self, number: UserPhoneNumber) -> str:
        """The last run over all numbers, and what it found of this one."""
        return last_sync(number)

    @admin.display(description="last calls")
    def latest_calls(self, number: UserPhoneNumber) -> str:
        """The last twenty with their end reasons."""
        return last_calls(number.calls.all())

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


class EndReasonFilter(admin.SimpleListFilter):
    """The end reasons in words."""

    title = "end reason"
    parameter_name = "end_reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(reason.value, str(reason.label)) for reason in EndReason]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(end_reason=self.value()) if self.value() else queryset


_IN_FRONT = (
    *("owner", "number", "direction", "from_number", "to_number", "status", "ended_because"),
    "failed_because",
    *("started_at", "answered_at", "ended_at", "duration_s", "cost_usd", "simulated"),
)
_OF_THE_LINE = (
    *("call_sid", "call_type", "purpose", "campaign", "caller_withheld", "forwarded_from"),
    *("was_forwarded", "answered_by", "failure_code", "carrier_records", "carrier_fell_back"),
    "status_sequence",
)
_OF_THE_AGENT = (
    *("agent_backend", "agent_outcome", "agent_usage", "stream_state", "stream_generation"),
    "stream_facts",
)


@admin.register(Call)
class CallAdmin(ToLookAt, WithRowActions, ExportsRows):
    """Calls with how they went; the stream's token is a secret and never shown."""

    list_display = (
        *("started_at", "from_number", "number", "owner", "call_type"),
        *("status", "ended_because", "duration_s", "simulated"),
    )
    list_filter = ("status", "direction", "call_type", EndReasonFilter, "simulated")
    search_fields = ("from_number", "to_number", "call_sid", "owner__email", "owner__name")
    search_help_text = "A number in any spelling, a call's id, or the owner's name or address."
    date_hierarchy = "started_at"
    ordering = ("-started_at",)
    list_select_related = ("number", "owner")
    show_full_result_count = False
    # The stream's token stands in none of them.
    fieldsets = (
        (None, {"fields": _IN_FRONT}),
        ("Line", {"fields": _OF_THE_LINE, "classes": ("collapse",)}),
        ("Agent", {"fields": _OF_THE_AGENT, "classes": ("collapse",)}),
    )
    readonly_fields = ("ended_because", "failed_because")
    inlines = (CallEventInline,)
    row_actions: ClassVar[Sequence[RowAction]] = CALL_ACTIONS
    export_columns = (
        *("started_at", "call_sid", "owner__email", "from_number", "to_number", "direction"),
        *("call_type", "status", "end_reason", "duration_s", "cost_usd", "simulated"),
    )

    @admin.display(description="ended because", ordering="end_reason")
    def ended_because(self, call: Call) -> str:
        """The end reason in words; a dash while the call goes on."""
        return EndReason(call.end_reason).label if call.end_reason else "-"

    @admin.display(description="failed because")
    def failed_because(self, call: Call) -> str:
        """Why no agent heard the caller out; a dash when one did."""
        return cause_of(call) or "-"

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return super().get_search_results(request, queryset, as_stored(search_term))


@admin.register(Campaign)
class CampaignAdmin(ToLookAt, admin.ModelAdmin):  # type: ignore[type-arg]
    """Why owners have people called, and how those agreed to it."""

    list_display = ("name", "owner", "is_active", "call_count", "created_at")
    list_filter = ("is_active",)
    search_fields = ("name", "owner__email", "owner__name")
    date_hierarchy = "created_at"
    list_select_related = ("owner",)
    show_full_result_count = False
    readonly_fields = ("latest_calls",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(call_total=Count("calls"))

    @admin.display(description="calls", ordering="call_total")
    def call_count(self, campaign: Any) -> int:
        """How many calls named it."""
        total: int = campaign.call_total
        return total

    @admin.display(description="last calls")
    def latest_calls(self, campaign: Campaign) -> str:
        """The last twenty with their end reasons."""
        return last_calls(campaign.calls.all())


@admin.register(DoNotCall)
class DoNotCallAdmin(ToLookAt, ExportsRows):
    """Whom owners' agents never call again, and how the wish became known."""

    list_display = ("phone_number", "owner", "source", "call", "created_at")
    list_filter = ("source",)
    search_fields = ("phone_number", "owner__email", "owner__name")
    search_help_text = "A number in any spelling, or the owner's name or address."
    date_hierarchy = "created_at"
    list_select_related = ("owner", "call")
    show_full_result_count = False
    export_columns = ("phone_number", "owner__email", "source", "created_at")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return super().get_search_results(request, queryset, as_stored(search_term))
