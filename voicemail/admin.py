"""Messages in the admin: how far each has got, never what it says."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from accounts.admin import ToLookAt
from accounts.admin_actions import Done, RowAction, WithRowActions
from accounts.audit import Who
from accounts.csv_export import ExportsRows
from telephony.admin_glances import as_stored
from voicemail import call_admin, support
from voicemail.models import ForwardingCheck, Message, Stage

__all__ = ["call_admin"]  # registers itself


def _retry(message: Message, who: Who, given: dict[str, Any]) -> Done:
    is_new = support.retry_message(message, who)
    return Done(text="The worker takes the next step now." if is_new else "It is due already.")


RETRY = RowAction(
    name="retry",
    label="Run the step again",
    permission="accounts.retry_messages",
    warning="The worker takes the message's next step now instead of waiting for its next try.",
    act=_retry,
    is_offered=lambda message: message.stage != Stage.NOTIFIED and not message.erased_at,
)


@admin.register(Message)
class MessageAdmin(ToLookAt, WithRowActions, ExportsRows):
    """The worker's progress; what callers left is for the owner only."""

    list_display = ("created_at", "call", "owner", "stage", "attempts", "next_step", "last_error")
    list_filter = ("stage", "mail_state")
    search_fields = ("call__call_sid", "call__from_number", "call__owner__email")
    search_help_text = "A caller's number in any spelling, a call's id, or the owner's address."
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    list_select_related = ("call__owner",)
    show_full_result_count = False
    fields = (
        *("call", "stage", "next_step_at", "attempts", "refusals", "last_error"),
        *("mail_state", "mail_at", "created_at"),
    )
    row_actions = (RETRY,)
    export_columns = (
        *("created_at", "call__call_sid", "call__owner__email", "stage", "attempts"),
        *("next_step_at", "last_error"),
    )

    @admin.display(ordering="call__owner__email")
    def owner(self, message: Message) -> str:
        """Whose inbox it is in."""
        return message.call.owner.email

    @admin.display(description="next step", ordering="next_step_at")
    def next_step(self, message: Message) -> str:
        """When the worker looks at it again."""
        if message.stage == Stage.NOTIFIED:
            return "done"
        return f"{timezone.localtime(message.next_step_at):%H:%M:%S}"

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return super().get_search_results(request, queryset, as_stored(search_term))


@admin.register(ForwardingCheck)
class ForwardingCheckAdmin(ToLookAt, ExportsRows):
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
